/** What `scopegate explain` is asked: a request, and who makes it. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { FILE_NOTE, readCurl } from '../authoring/curl.ts'
import type { SimulatedRequest } from '../authoring/simulate.ts'
import { FILE_OPTIONS } from './arguments.ts'
import { type CommandIo, UsageError } from './command-io.ts'

export interface ExplainArguments {
  readonly file: string
  readonly json: boolean
  readonly request: SimulatedRequest
  /** Undefined: a token in the headers, or none. */
  readonly claims: Readonly<Record<string, unknown>> | undefined
  readonly offline: boolean
  readonly jwks: Uint8Array<ArrayBuffer> | undefined
  readonly notes: readonly string[]
}

const OPTIONS = {
  ...FILE_OPTIONS,
  claims: { type: 'string' },
  token: { type: 'string' },
  curl: { type: 'string' },
  header: { type: 'string', short: 'H', multiple: true },
  client: { type: 'string', default: '127.0.0.1' },
  body: { type: 'string' },
  jwks: { type: 'string' },
  offline: { type: 'boolean', default: false },
} as const

/** Reads files and stdin where arguments name them. Throws a UsageError. */
export function readExplainArguments(io: CommandIo, args: string[]): ExplainArguments {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true })
  const { claims, token, curl, jwks, body } = values
  if (claims !== undefined && token !== undefined) throw new UsageError('give --claims or --token, not both')
  const { notes: found, ...asked } =
    curl === undefined ? readRequest(positionals) : readCurlOption(io, curl, positionals)
  const headers = [...asked.headers, ...(values.header ?? []).flatMap(readHeader)]
  if (token !== undefined && !/^[@-]/.test(token)) {
    io.stderr(
      'warning: a token among the arguments stays in the history of the shell; use --token @FILE, or --token - for stdin\n',
    )
  }
  return {
    file: values.config,
    json: values.json,
    request: {
      method: asked.method,
      target: asked.target,
      headers: token === undefined ? headers : withToken(headers, readText(io, token, '--token')),
      client: values.client,
      isTyped: curl !== undefined && asked.body !== '',
      ...withBody(body === undefined ? asked.body : readText(io, body, '--body')),
    },
    claims: claims === undefined ? undefined : readClaims(readText(io, claims, '--claims')),
    offline: values.offline,
    jwks: jwks === undefined ? undefined : readBytes(io, jwks, '--jwks'),
    notes: body === undefined ? found : found.filter((note) => note !== FILE_NOTE),
  }
}

function withBody(body: string | undefined): Pick<SimulatedRequest, 'body'> {
  return body === undefined ? {} : { body }
}

/** `POST /orders/7`, in one argument or in two; without a method it is GET. */
export function readRequest(positionals: readonly string[]) {
  const [, method = 'GET', target] = /^(?:([A-Za-z]+)\s+)?(\/\S*|https?:\/\/\S+)$/.exec(positionals.join(' ')) ?? []
  if (target === undefined) throw new UsageError("expected a request, such as 'POST /orders/7'")
  const url = target.startsWith('/') ? undefined : new URL(target)
  return {
    method: method.toUpperCase(),
    target: url === undefined ? target : url.pathname + url.search,
    headers: url === undefined ? [] : ['Host', url.host],
    body: undefined,
    notes: [] as readonly string[],
  }
}

function readCurlOption(io: CommandIo, curl: string, positionals: readonly string[]) {
  if (positionals.length > 0) throw new UsageError('with --curl there is no other request')
  try {
    return readCurl(/^[@-]/.test(curl) ? readText(io, curl, '--curl') : curl)
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`--curl: ${(error as Error).message}`)
  }
}

function readHeader(text: string): string[] {
  const [, name, value] = /^([^:\s]+):\s*(.*?)\s*$/.exec(text) ?? []
  if (name === undefined || value === undefined)
    throw new UsageError("-H takes a field, such as 'Origin: https://shop.example.com'")
  return [name, value]
}

function withToken(headers: readonly string[], token: string): string[] {
  const others = headers.filter((_, i) => headers[i - (i % 2)]?.toLowerCase() !== 'authorization')
  return [...others, 'Authorization', `Bearer ${token.replace(/^Bearer\s+/i, '')}`]
}

function readClaims(text: string): Readonly<Record<string, unknown>> {
  try {
    const claims: unknown = JSON.parse(text)
    if (typeof claims === 'object' && claims !== null && !Array.isArray(claims))
      return claims as Record<string, unknown>
  } catch {}
  throw new UsageError(`--claims takes a JSON object, such as '{"scope":"orders:read"}'`)
}

/** The text itself, `@FILE`, or `-` for stdin. */
function readText(io: CommandIo, argument: string, option: string): string {
  if (!/^(@|-$)/.test(argument)) return argument.trim()
  return new TextDecoder().decode(readBytes(io, argument === '-' ? argument : argument.slice(1), option)).trim()
}

function readBytes(io: CommandIo, file: string, option: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(readFileSync(file === '-' ? 0 : path.resolve(io.cwd, file)))
  } catch {
    throw new UsageError(`${option}: the file cannot be read`)
  }
}
