/** `scopegate status`: whether the file on the disk is what a running gateway enforces. */
import path from 'node:path'
import { parseArgs } from 'node:util'
import type { ConfigStatus } from '../config/config-record.ts'
import { digestOf, type LoadResult, MAX_FILE_BYTES } from '../config/load.ts'
import { withoutControls } from '../config/problem.ts'
import { readTextFile } from '../config/read-file.ts'
import { FILE_OPTIONS, loadFor } from './arguments.ts'
import { coloursFor } from './colours.ts'
import { type CommandIo, UsageError } from './command-io.ts'

const TIMEOUT_MS = 5_000
const NO_GATEWAY = 'what answers there is no Scopegate admin listener'
const DEFAULT_URL = 'http://127.0.0.1:9090'

/** What `--json` prints. */
export interface StatusReport {
  /** In force, ready, and nothing refused since. */
  readonly ok: boolean
  readonly url: string
  readonly ready: boolean
  /** What keeps it from being ready. */
  readonly reasons: readonly string[]
  /** The file on the disk: whether it is in force, another one, or cannot be read. */
  readonly file: {
    readonly path: string
    readonly state: 'in-force' | 'differs' | 'unreadable'
    readonly digest?: string
  }
  readonly gateway: ConfigStatus
}

/** Exit code: 0 in force and ready, 1 not, 2 no gateway answers. */
export async function run(io: CommandIo, args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { ...FILE_OPTIONS, url: { type: 'string' } } })
  const { config: file, json } = values
  const loaded = loadFor(io, file)
  const url = readUrl(values.url) ?? adminUrl(loaded)
  const asked = await ask(url, passwordOf(loaded))
  if (typeof asked === 'string') {
    if (json) io.stdout(`${JSON.stringify({ ok: false, url, unreachable: asked }, null, 2)}\n`)
    else io.stderr(`scopegate: no gateway answers at ${url}: ${asked}\n${hintFor(loaded, values.url)}`)
    return 2
  }
  const onDisk = readDisk(path.resolve(io.cwd, file), loaded, asked.gateway)
  const { ready, gateway } = asked
  const ok = ready && onDisk.state === 'in-force' && gateway.lastRefusal === undefined
  const report: StatusReport = { ok, url, ...asked, file: onDisk }
  io.stdout(json ? `${JSON.stringify(report, null, 2)}\n` : format(io, report))
  return ok ? 0 : 1
}

/** With a file that does not load, the right place may not have been asked. */
function hintFor({ config }: LoadResult, url: string | undefined): string {
  const isGuess = config === undefined && url === undefined
  return isGuess ? 'The file does not load, so its admin address is not known: say --url.\n' : ''
}

function readUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const url = URL.parse(text)
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') throw new UsageError('--url must be http or https')
  return url.origin
}

/** From the file. Where that is bad, the gateway still runs, most likely where it does by default. */
function adminUrl({ config }: LoadResult): string {
  if (config === undefined) return DEFAULT_URL
  const { admin } = config.server
  if (admin === false) throw new UsageError('the file has no admin listener: say --url')
  const host = { '0.0.0.0': '127.0.0.1', '::': '::1' }[admin.host] ?? admin.host
  return `http://${host.includes(':') ? `[${host}]` : host}:${admin.port}`
}

/** What the gateway asks for, as far as the file on the disk still knows it. */
function passwordOf({ config }: LoadResult): string | undefined {
  return config?.server.admin === false ? undefined : config?.server.admin.password
}

/** A text: why nobody answers. */
async function ask(
  url: string,
  password: string | undefined,
): Promise<Pick<StatusReport, 'ready' | 'reasons' | 'gateway'> | string> {
  try {
    const [readiness, status] = await Promise.all([get(`${url}/readyz`), get(`${url}/config/status`, password)])
    if (status.status === 401) return 'it asks for a password: the file must name it as admin.password'
    if (status.status === 429) return 'it got too many wrong passwords from this address: ask again in a minute'
    if (!isStatus(status.body)) return NO_GATEWAY
    const { reasons = [] } = readiness.body as { reasons?: string[] }
    return { ready: readiness.status === 200, reasons, gateway: status.body }
  } catch (error) {
    const { name, cause } = error as Error & { cause?: NodeJS.ErrnoException }
    if (name === 'TimeoutError') return `nothing came within ${TIMEOUT_MS / 1000} s`
    return cause?.code ?? NO_GATEWAY
  }
}

async function get(url: string, password?: string): Promise<{ readonly status: number; readonly body: unknown }> {
  const headers =
    password === undefined ? {} : { Authorization: `Basic ${Buffer.from(`:${password}`).toString('base64')}` }
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' })
  return { status: answer.status, body: [401, 429].includes(answer.status) ? undefined : await answer.json() }
}

function isStatus(body: unknown): body is ConfigStatus {
  return typeof body === 'object' && body !== null && 'digest' in body && 'appliedAt' in body && 'tests' in body
}

function readDisk(
  file: string,
  { config, schemas }: LoadResult,
  { digest: inForce }: ConfigStatus,
): StatusReport['file'] {
  try {
    // A file that does not load here, where a variable may be missing, can still be the one in force.
    const digest = config?.digest ?? digestOf(readTextFile(file, MAX_FILE_BYTES), schemas)
    return { path: file, state: digest === inForce ? 'in-force' : 'differs', digest }
  } catch {
    return { path: file, state: 'unreadable' }
  }
}

function format(io: CommandIo, { ok, url, ready, reasons, file, gateway }: StatusReport): string {
  const { good, bad, strong } = coloursFor(io)
  const { digest, appliedAt, source, routes, tests, reports, lastRefusal } = gateway
  const verdict = ok ? good('in force') : bad(whatIsWrong(file.state, lastRefusal !== undefined))
  const rows: [string, string][] = [
    ['gateway', `${url}, ${ready ? 'ready' : `not ready: ${reasons.join(', ')}`}`],
    ['in force', `${source} since ${appliedAt}`],
    ['digest', digest],
    ['holds', `${routes} routes; ${tests.green} of ${tests.run} tests green`],
    ['on disk', `${file.path}: ${DISK[file.state]}`],
    ...reports.map(({ route, until, isOver }): [string, string] => {
      const end = until === undefined ? 'without an end' : `until ${until}`
      return ['report', `${route} ${end}${isOver ? ', which is over: it enforces' : ''}`]
    }),
    ...(lastRefusal === undefined ? [] : [['refused', lastRefusal.at] as [string, string]]),
  ]
  const lines = rows.map(([name, text]) => `${name.padEnd(10)}${withoutControls(text)}\n`)
  const problems = (lastRefusal?.problems ?? []).flatMap(({ text }) => text.split('\n'))
  return [`${strong(verdict)}\n\n`, ...lines, ...problems.map((line) => `${withoutControls(line)}\n`)].join('')
}

const DISK = { 'in-force': 'in force', differs: 'another one than is in force', unreadable: 'cannot be read' } as const

function whatIsWrong(state: StatusReport['file']['state'], isRefused: boolean): string {
  if (isRefused) return 'the last file was refused; the one before is in force'
  if (state === 'unreadable') return 'the file on the disk cannot be read'
  if (state === 'differs') return 'the file on the disk is not in force'
  return 'in force, and not ready'
}
