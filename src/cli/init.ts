/** `scopegate init`: writes a route-scope file to begin with, by asking, from a realm, or from an OpenAPI document. */
import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { type Finding, lint } from '../authoring/lint/lint.ts'
import { findRedTests } from '../authoring/run-tests.ts'
import { draftTests } from '../authoring/starter/draft-tests.ts'
import { formatStarter, type Starter, toComment } from '../authoring/starter/starter.ts'
import { editorJsonSchema } from '../config/json-schema.ts'
import { loadConfigFile } from '../config/load.ts'
import { formatProblem, type Problem } from '../config/problem.ts'
import { type CommandIo, UsageError } from './command-io.ts'
import { askForStarter } from './init-questions.ts'
import { readDocumentSource, readRealmSource } from './init-sources.ts'
import { isUrl } from './openapi-documents.ts'
import { createQuestions, UNASKED } from './questions.ts'

const SCHEMA = 'scopegate.schema.json'

const OPTIONS = {
  issuer: { type: 'string' },
  audience: { type: 'string' },
  upstream: { type: 'string', multiple: true },
  origin: { type: 'string', multiple: true },
  'from-realm': { type: 'string' },
  'from-openapi': { type: 'string' },
  out: { type: 'string', short: 'o', default: 'scopegate.yaml' },
  yes: { type: 'boolean', short: 'y', default: false },
  force: { type: 'boolean', default: false },
} as const

export async function run(io: CommandIo, args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: OPTIONS })
  const file = path.resolve(io.cwd, values.out)
  if (existsSync(file) && !values.force) return fail(io, `${values.out} is there already; --force overwrites it`)
  const questions = values.yes ? UNASKED : createQuestions(io)
  try {
    const realm = values['from-realm'] === undefined ? undefined : await readRealmSource(io, values['from-realm'])
    const api = values['from-openapi'] === undefined ? undefined : await readDocumentSource(io, values['from-openapi'])
    const openapi = api && addressFrom(path.dirname(file), io.cwd, api.document.file)
    const schema = whereSchemaIs(path.dirname(file))
    const starter = await askForStarter(questions, { ...values, realm, api, openapi })
    return write(io, { file, shown: values.out, overwrite: values.force }, { ...starter, schema })
  } catch (error) {
    if (error instanceof UsageError || !(error instanceof Error)) throw error
    return fail(io, error.message)
  } finally {
    questions.close()
  }
}

function fail(io: CommandIo, message: string): number {
  io.stderr(`scopegate: ${message}\n`)
  return 2
}

/** Files that a route-scope file names are relative to its folder. */
function addressFrom(folder: string, cwd: string, document: string): string {
  if (isUrl(document)) return document
  const file = path.relative(folder, path.resolve(cwd, document))
  // `v1:orders.yaml` would be taken for a URL.
  return /^[^/]*:/.test(file) ? `./${file}` : file
}

/** Of an installed package, or a file beside the route-scope file. */
function whereSchemaIs(folder: string): string {
  const installed = `./node_modules/scopegate/${SCHEMA}`
  return existsSync(path.resolve(folder, installed)) ? installed : `./${SCHEMA}`
}

interface Target {
  readonly file: string
  /** As the command line calls it. */
  readonly shown: string
  readonly overwrite: boolean
}

/** Nothing is written that the gateway would not load. */
function write(io: CommandIo, { file, shown, overwrite }: Target, starter: Starter): number {
  const now = Date.now()
  const text = formatStarter(starter)
  const untested = loadConfigFile(file, io.env, { text, now })
  if (untested.config === undefined) return printAll(io, untested.problems)
  const whole = text + draftTests(untested.config, now)
  const tested = loadConfigFile(file, io.env, { text: whole, now })
  if (tested.config === undefined) return printAll(io, tested.problems)
  const red = findRedTests(tested.config, shown, now)
  if (red.length > 0) return printAll(io, red)
  const findings = lint(tested, shown, io.env)
  writeFileSync(file, whole + explain(findings), { flag: overwrite ? 'w' : 'wx' })
  io.stdout(`wrote ${shown} (routes: ${tested.config.routes.length}, tests: ${tested.config.tests.length})\n`)
  writeSchema(io, file, starter.schema)
  io.stdout(`next: scopegate validate -c ${shown}, then scopegate start -c ${shown}\n`)
  return 0
}

function printAll(io: CommandIo, problems: readonly Problem[]): number {
  io.stderr('scopegate: no file can be made of this; nothing was written\n')
  for (const problem of problems) io.stderr(`${formatProblem(problem)}\n`)
  return 1
}

/** What `validate` will warn of, so that it surprises nobody. */
function explain(findings: readonly Finding[]): string {
  const open = findings.filter(({ accepted }) => accepted === undefined)
  if (open.length === 0) return ''
  const lines = open.flatMap(({ code, path: at, message, mend }) => [`- ${code} at ${at}: ${message}`, `  → ${mend}`])
  const head = ['`scopegate validate` warns of what follows. Change it, or accept it with the reason, under `accept`.']
  return `\n${[...head, ...lines].map(toComment).join('')}`
}

/** Editors need it beside the file; one that is there stays. */
function writeSchema(io: CommandIo, file: string, schema: string): void {
  const target = path.resolve(path.dirname(file), schema)
  if (existsSync(target)) return
  writeFileSync(target, `${JSON.stringify(editorJsonSchema(), null, 2)}\n`)
  io.stdout(`wrote ${schema.slice(2)}, for editors\n`)
}
