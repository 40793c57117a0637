/** The route-scope file → a frozen configuration, or everything that is wrong with it. */
import { hash } from 'node:crypto'
import path from 'node:path'
import { type ConfigDocument, createDocument } from './document.ts'
import type { Environment } from './environment.ts'
import { findAcceptance, type Warning } from './findings.ts'
import type { GatewayConfig } from './gateway-config.ts'
import type { Problem } from './problem.ts'
import { type ReadFile, readTextFile } from './read-file.ts'
import { createKnownPieces, type KnownPieces, ONCE, readPieces } from './read-pieces.ts'
import { createReport, type Report } from './report.ts'
import { resolve } from './resolve.ts'
import { readRest, type Salvaged, writtenNames } from './salvage.ts'
import { fileSchema, type GatewayFile } from './schema.ts'
import { readIssues, type SchemaProblem } from './schema-problems.ts'
import { BARE_LIST } from './schema-routes.ts'
import { createSourceFile, fileProblem } from './source-file.ts'
import { readYaml } from './yaml-syntax.ts'

export const MAX_FILE_BYTES = 1024 * 1024
const MAX_SECRET_BYTES = 64 * 1024
const MAX_SCHEMA_BYTES = 4 * 1024 * 1024

export interface LoadOptions {
  readonly text: string
  /** As messages should call it; files named in it are relative to its folder. */
  readonly file: string
  readonly env: Environment
  readonly readFile: ReadFile
  /** Texts of schema files, by the names in the file, in place of what the disk holds. */
  readonly schemas?: Schemas | undefined
  /** What was read of another file; absent: nothing. */
  readonly known?: KnownPieces | undefined
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** Schema files that a file names → their texts; undefined: it could not be read. */
export type Schemas = ReadonlyMap<string, string | undefined>

export type LoadResult =
  | {
      readonly config: GatewayConfig
      readonly warnings: readonly Warning[]
      /** Warnings that the file accepts. */
      readonly accepted: readonly Warning[]
      /** What was read. */
      readonly text: string
      readonly schemas: Schemas
      readonly problems?: never
    }
  | {
      readonly config?: never
      readonly problems: readonly Problem[]
      readonly schemas?: Schemas
      readonly unreadable?: true
    }

/** A file that is good. */
export type Loaded = Extract<LoadResult, { config: GatewayConfig }>

export interface LoadFileOptions {
  /** Folder that the file is relative to. */
  readonly cwd?: string
  /** Milliseconds since the epoch. */
  readonly now?: number
  /** In place of what the file holds. */
  readonly text?: string
  readonly schemas?: Schemas | undefined
  readonly known?: KnownPieces | undefined
}

/** Reads, checks and resolves a text. Never throws for what the text says; reports all problems at once, in the file's order. */
export function loadConfig(options: LoadOptions): LoadResult {
  if (Buffer.byteLength(options.text) > MAX_FILE_BYTES) {
    return { problems: [fileProblem(options.file, 'the file has more than 1 MiB')] }
  }
  const source = createSourceFile(options.text, options.file)
  const { yaml, problems } = readYaml(source)
  if (!yaml) return { problems }
  const document = createDocument(yaml, source, options.env)
  const report = createReport(source, document)
  const schemas = new Map<string, string | undefined>()
  const config = check(document, report, options, schemas)
  const all = [...problems, ...report.problems]
  if (all.length > 0 || !config) return { problems: inOrder(all), schemas }
  const isAccepted = (warning: Warning) => findAcceptance(warning, config.accept) !== undefined
  const warnings = inOrder(report.warnings)
  return {
    config: freeze(config),
    warnings: warnings.filter((warning) => !isAccepted(warning)),
    accepted: warnings.filter(isAccepted),
    text: options.text,
    schemas,
  }
}

/** `loadConfig` for a file on the disk; `unreadable` when it cannot be read at all. */
export function loadConfigFile(file: string, env: Environment, options: LoadFileOptions = {}): LoadResult {
  const { cwd = '.', now = Date.now(), schemas, known } = options
  const folder = path.dirname(path.resolve(cwd, file))
  const readFile: ReadFile = (name, maxBytes) => readTextFile(path.resolve(folder, name), maxBytes)
  try {
    const text = options.text ?? readTextFile(path.resolve(cwd, file), MAX_FILE_BYTES)
    return loadConfig({ text, file, env, readFile, schemas, known, now })
  } catch (error) {
    const message = error instanceof Error ? error.message : 'cannot be read'
    return { problems: [fileProblem(file, `the file ${message}`)], unreadable: true }
  }
}

/** Of a file and the schema files that it names: SHA-256, base64url. */
export function digestOf(text: string, schemas: Schemas = new Map()): string {
  return hash('sha256', [text, ...schemas.values()].join('\0'), 'base64url')
}

function check(
  document: ConfigDocument,
  report: Report,
  options: LoadOptions,
  schemas: Map<string, string | undefined>,
): GatewayConfig | undefined {
  const { data, result } = parse(document, options.known ?? createKnownPieces())
  const found = result.success ? [] : readIssues(result.error.issues, data)
  for (const problem of found) addSchemaProblem(problem, document, report)
  const left = result.success ? whole(result.data) : readRest(data, found)
  if (!left) return undefined
  return resolve(left.file, report, {
    ...left,
    digest: () => digestOf(options.text, schemas),
    names: writtenNames(data, found),
    knowsDefaults: isReadable('defaults', found),
    knowsLogin: isReadable('login', found),
    read: (name) => options.readFile(name, MAX_SECRET_BYTES),
    readSchema: createSchemaReader(options, schemas),
    now: options.now,
  })
}

/** Whether the section is as it was written: neither it nor a misspelling of it has a problem. */
function isReadable(section: string, found: readonly SchemaProblem[]): boolean {
  return !found.some(({ path, suggestion }) => path[0] === section || suggestion === section)
}

/** Each file once, however many routes name it. */
function createSchemaReader({ readFile, schemas: given }: LoadOptions, read: Map<string, string | undefined>) {
  return (name: string): string => {
    const known = read.get(name) ?? given?.get(name)
    if (known === undefined) read.set(name, undefined)
    const text = known ?? readFile(name, MAX_SCHEMA_BYTES)
    read.set(name, text)
    return text
  }
}

function whole(file: GatewayFile): Salvaged {
  return { file, routeIndexes: [...file.routes.keys()], testIndexes: [...file.tests.keys()], brokenRoutes: new Map() }
}

/** What `${NAME}` stands for stays a text where the schema takes one, and is a number or boolean where it does not. */
function parse(document: ConfigDocument, known: KnownPieces) {
  const file = readPieces(document.data, known)
  if (file !== undefined) return { data: document.data, result: { success: true as const, data: file } }
  const result = fileSchema.safeParse(document.data, ONCE)
  if (result.success) return { data: document.data, result }
  const retyped = document.retyped(readIssues(result.error.issues, document.data).map((problem) => problem.path))
  if (retyped === undefined) return { data: document.data, result }
  return { data: retyped, result: fileSchema.safeParse(retyped, ONCE) }
}

function addSchemaProblem(
  { path: at, at: part, message, suggestion }: SchemaProblem,
  document: ConfigDocument,
  report: Report,
): void {
  const list = message === BARE_LIST ? document.written(at) : ''
  const text = message === BARE_LIST ? describeBareList(list) : message
  report.error(at, text, { at: part, suggestion: document.isSubstituted(at) ? undefined : suggestion })
}

function describeBareList(list: string): string {
  const [, only] = /^\[\s*([^\s,\n]{1,60})\s*\]$/.exec(list) ?? []
  if (only !== undefined) return `one value stands alone, without [ ]: ${only}`
  const shown = /^\[[^\n]{1,60}\]$/.test(list) ? list : '[..]'
  return `${BARE_LIST}: { all: ${shown} } or { any: ${shown} }`
}

/** Each once. */
function inOrder<T extends Problem>(problems: readonly T[]): T[] {
  const unique = new Map(problems.map((problem) => [JSON.stringify(problem), problem]))
  return [...unique.values()].toSorted((a, b) => a.line - b.line || a.column - b.column)
}

/** Objects and lists, all the way down; maps and sets are read-only by their types. */
function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  if (value instanceof Map) for (const member of value.values()) freeze(member)
  else if (Array.isArray(value)) for (const member of value) freeze(member)
  else for (const key in value) freeze(value[key])
  return value
}
