/** `scopegate openapi`: the routes as OpenAPI, compared with the services' documents, and drafted from one. */
import { parseArgs } from 'node:util'
import { stringify } from 'yaml'
import { draftRoutes } from '../authoring/openapi/draft-routes.ts'
import { type Drift, findDrift } from '../authoring/openapi/drift.ts'
import { createOpenApi } from '../authoring/openapi/generate.ts'
import type { GatewayConfig } from '../config/gateway-config.ts'
import type { ApiDocument } from '../config/openapi/read-document.ts'
import { formatProblem, type Problem, withoutControls } from '../config/problem.ts'
import { FILE_OPTIONS, loadFor, printProblems } from './arguments.ts'
import { type CommandIo, UsageError } from './command-io.ts'
import { loadDocument, loadDocuments } from './openapi-documents.ts'

const OPTIONS = {
  ...FILE_OPTIONS,
  yaml: { type: 'boolean', default: false },
  title: { type: 'string', default: 'API' },
  upstream: { type: 'string' },
} as const

interface Arguments {
  readonly config: string
  readonly json: boolean
  readonly yaml: boolean
  readonly title: string
  readonly upstream?: string | undefined
}

export async function run(io: CommandIo, args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true })
  const [action, file, ...more] = positionals
  if (more.length > 0) throw new UsageError('too many arguments')
  if (action === 'import') return draft(io, file, values)
  const result = loadFor(io, values.config)
  if (result.config === undefined) return printProblems(io, result, values.json)
  if (action === 'check') return check(io, result.config, file, values)
  if (action !== undefined) throw new UsageError('expected openapi, openapi check [FILE] or openapi import FILE')
  return print(io, result.config, values)
}

async function print(io: CommandIo, config: GatewayConfig, { config: file, json, yaml, title }: Arguments) {
  if (json && yaml) throw new UsageError('one of --json and --yaml')
  const { documents, problems } = await loadDocuments(io, file, config.upstreams.values())
  if (problems.length > 0) return printDocumentProblems(io, problems, json)
  const document = createOpenApi(config, documents, title)
  io.stdout(
    json
      ? `${JSON.stringify(document, null, 2)}\n`
      : stringify(document, { lineWidth: 0, aliasDuplicateObjects: false }),
  )
  return 0
}

async function check(io: CommandIo, config: GatewayConfig, file: string | undefined, values: Arguments) {
  const { documents, problems } = await documentsToCheck(io, config, file, values)
  if (problems.length > 0) return printDocumentProblems(io, problems, values.json)
  if (documents.size === 0) {
    throw new UsageError('no document to compare with: name one in upstreams.<name>.openapi, or after check')
  }
  const drifts = [...documents].map(([upstream, document]) => findDrift(config, upstream, document))
  const isGood = drifts.every(({ closed, missing }) => closed.length + missing.length === 0)
  if (values.json) io.stdout(`${JSON.stringify({ ok: isGood, upstreams: drifts.map(toJson) }, null, 2)}\n`)
  else for (const drift of drifts) io.stdout(format(drift, values.config, documents.get(drift.upstream)))
  return isGood ? 0 : 1
}

async function documentsToCheck(io: CommandIo, config: GatewayConfig, file: string | undefined, values: Arguments) {
  const { upstream } = values
  if (upstream !== undefined && !config.upstreams.has(upstream))
    throw new UsageError('there is no upstream of this name')
  const chosen = [...config.upstreams.values()].filter(({ name }) => upstream === undefined || name === upstream)
  if (file === undefined) return loadDocuments(io, values.config, chosen)
  const [only, ...others] = chosen
  if (only === undefined || others.length > 0) throw new UsageError('say whose document it is, with --upstream NAME')
  const { document, problems = [] } = await loadDocument(io, file)
  return { documents: new Map(document ? [[only.name, document]] : []), problems }
}

function toJson({ upstream, closed, missing }: Drift) {
  return {
    upstream,
    operationsWithoutRoute: closed.map(({ method, path, line }) => ({ method, path, line })),
    routesWithoutOperation: missing,
  }
}

function format({ upstream, closed, missing }: Drift, configFile: string, document: ApiDocument | undefined): string {
  const lines = [
    ...closed.map(({ method, path, line }) => `${document?.file}:${line}: ${method} ${path}: no route opens it`),
    ...missing.map(({ path, line, methods }) => {
      return `${configFile}:${line}: ${path}: ${upstream} has no operation for ${methods.join(', ')}`
    }),
  ]
  if (lines.length === 0) lines.push(`${upstream}: routes and document agree`)
  return lines.map((line) => `${withoutControls(line)}\n`).join('')
}

async function draft(io: CommandIo, file: string | undefined, { upstream = 'service', json }: Arguments) {
  if (file === undefined) throw new UsageError('expected the document: openapi import FILE')
  if (!/^[A-Za-z][\w.-]{0,63}$/.test(upstream)) throw new UsageError('no upstream can have this name')
  const { document, problems } = await loadDocument(io, file)
  if (document === undefined) return printDocumentProblems(io, problems, json)
  const { text, routes, leftOut } = draftRoutes(document, upstream)
  io.stdout(text)
  for (const line of leftOut) io.stderr(`left out: ${withoutControls(line)}\n`)
  return routes > 0 ? 0 : 1
}

function printDocumentProblems(io: CommandIo, problems: readonly Problem[], json: boolean): number {
  if (json) io.stdout(`${JSON.stringify({ ok: false, problems }, null, 2)}\n`)
  else for (const problem of problems) io.stderr(`${formatProblem(problem)}\n`)
  return problems.some(({ line }) => line === 0) ? 2 : 1
}
