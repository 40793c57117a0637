/** `scopegate dev`: everything on this machine, with nothing else installed. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { DEMO_UPSTREAMS, startDemoUpstream } from '../dev/demo-upstreams.ts'
import { type DevIssuerOptions, startDevIssuer } from '../dev/dev-issuer.ts'
import { type ExamplePage, startExamplePage } from '../dev/example-page.ts'
import { moveClient } from '../dev/move-client.ts'
import type { RealmFile } from '../dev/realm.ts'
import { type Addresses, examples, PAGE_CLIENT, passwordOf } from '../dev/try-it.ts'
import { loadFirst, runGateway } from '../run-gateway.ts'
import { type CommandIo, UsageError } from './command-io.ts'
import { findIssuer } from './find-issuer.ts'

const LOOPBACK = '127.0.0.1'
/** With what the page logs in; it asks for more when a call needs it. */
const PAGE_SCOPE = 'openid orders:read'
const OPTIONS = {
  config: { type: 'string', short: 'c', default: 'scopegate.yaml' },
  realm: { type: 'string', default: 'keycloak-realm.json' },
  port: { type: 'string' },
  'admin-port': { type: 'string' },
  'issuer-port': { type: 'string', default: '18080' },
  'orders-port': { type: 'string', default: '18081' },
  'catalog-port': { type: 'string', default: '18082' },
  'page-port': { type: 'string', default: '18083' },
  upstream: { type: 'string' },
  page: { type: 'string' },
  host: { type: 'string', default: LOOPBACK },
} as const

type Options = ReturnType<typeof readOptions>
type Closer = () => Promise<void>

/**
 * Runs until SIGINT or SIGTERM. `KEYCLOAK_URL` takes the place of the development issuer, `REDIS_URL` that of the
 * in-memory limiter. `--upstream orders|catalog` runs that demo service alone, for containers; only it may leave loopback.
 * `--page URL` runs the example page alone, for a gateway that runs already.
 */
export async function run(io: CommandIo, args: string[]): Promise<number> {
  const options = readOptions(args)
  const closers: Closer[] = []
  const stopped = untilStopped(io)
  try {
    io.stdout(await start(io, options, closers))
    await stopped.promise
    return 0
  } catch (error) {
    io.stderr(`${describe(error)}\n`)
    return 1
  } finally {
    stopped.release()
    for (const close of closers.reverse()) await close()
  }
}

/** Starts what is needed and resolves with the text to show. What runs is in `closers`, also when this rejects. */
function start(io: CommandIo, options: Options, closers: Closer[]): Promise<string> {
  if (options.upstream !== undefined) return startOne(options, closers)
  if (options.page !== undefined) return startPageAlone(options.page, options, closers)
  return startAll(io, options, closers)
}

async function startAll(io: CommandIo, options: Options, closers: Closer[]): Promise<string> {
  const page = await startPage(options, closers)
  const realm = moveClient(await readRealmFile(resolve(io.cwd, options.realm)), PAGE_CLIENT, page.origin)
  const log = (line: string) => io.stderr(`${line}\n`)
  const { promise: completed, resolve: complete } = Promise.withResolvers<RealmFile>()
  const issuer = await startIssuer(io, options, { realm, completed, log }, closers)
  const urls: Record<string, string> = {}
  for (const name of DEMO_UPSTREAMS) {
    const upstream = await startDemoUpstream(name, LOOPBACK, options[`${name}Port`])
    closers.push(upstream.close)
    urls[name] = upstream.url
  }
  const env = {
    ...io.env,
    ISSUER: issuer,
    ORDERS_URL: urls.orders,
    CATALOG_URL: urls.catalog,
    SPA_ORIGIN: page.origin,
  }
  const run = {
    configFile: await configFileFor(io, options, closers),
    env,
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.adminPort === undefined ? {} : { adminPort: options.adminPort }),
    log: io.stderr,
  }
  const first = await loadFirst(run)
  const gateway = await runGateway(run, first)
  const { docs } = first.config
  closers.push(gateway.close)
  complete(docs === undefined ? realm : moveClient(realm, docs.clientId, gateway.url))
  page.show({ gateway: gateway.url, issuer, clientId: PAGE_CLIENT, scope: PAGE_SCOPE })
  const addresses = {
    ...{ gateway: gateway.url, admin: gateway.adminUrl, issuer, page: page.origin },
    docs: docs && gateway.url + docs.path,
  }
  return banner(addresses, realm, io.env)
}

async function startPage({ pagePort }: Options, closers: Closer[]): Promise<ExamplePage> {
  const page = await startExamplePage(pagePort)
  closers.push(page.close)
  return page
}

/** Where to log in, the gateway itself says (RFC 9728). */
async function startPageAlone(gateway: string, options: Options, closers: Closer[]): Promise<string> {
  const base = gateway.replace(/\/+$/, '')
  const issuer = await findIssuer(base)
  const page = await startPage(options, closers)
  page.show({ gateway: base, issuer, clientId: PAGE_CLIENT, scope: PAGE_SCOPE })
  return `page listens on ${page.origin} for ${base} and ${issuer}\n`
}

async function startIssuer(
  { env }: CommandIo,
  options: Options,
  serves: Pick<DevIssuerOptions, 'completed' | 'log'> & { readonly realm: RealmFile },
  closers: Closer[],
): Promise<string> {
  if (env.KEYCLOAK_URL) return `${env.KEYCLOAK_URL.replace(/\/+$/, '')}/realms/${serves.realm.realm}`
  const issuer = await startDevIssuer({ ...serves, host: LOOPBACK, port: options.issuerPort })
  closers.push(issuer.close)
  return issuer.issuer
}

async function startOne({ upstream, host, port }: Options, closers: Closer[]): Promise<string> {
  const name = DEMO_UPSTREAMS.find((known) => known === upstream)
  if (name === undefined) throw new UsageError(`--upstream is one of ${DEMO_UPSTREAMS.join(', ')}`)
  const running = await startDemoUpstream(name, host, port ?? 8080)
  closers.push(running.close)
  return `${name} listens on ${running.url}\n`
}

/** The file itself; with REDIS_URL, and no `redis` in the file, a copy that has it. */
async function configFileFor({ cwd, env }: CommandIo, options: Options, closers: Closer[]): Promise<string> {
  const file = resolve(cwd, options.config)
  if (!env.REDIS_URL) return file
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined || /^redis:/m.test(text)) return file
  const folder = await mkdtemp(join(tmpdir(), 'scopegate-dev-'))
  closers.push(() => rm(folder, { recursive: true, force: true }))
  const copy = join(folder, basename(file))
  await writeFile(copy, `${text.trimEnd()}\nredis: { url: "\${REDIS_URL}" }\n`)
  return copy
}

async function readRealmFile(file: string): Promise<RealmFile> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new Error(`${file} cannot be read: name the realm file with --realm`)
  })
  try {
    return JSON.parse(text) as RealmFile
  } catch {
    throw new Error(`${file} is not JSON`)
  }
}

function banner(addresses: Addresses, realm: RealmFile, env: CommandIo['env']): string {
  const { gateway, admin, issuer, page, docs } = addresses
  const facts = [
    ['gateway', gateway],
    ['admin', admin ?? 'off'],
    ['console', admin === undefined ? 'off' : `${admin}/console`],
    ['issuer', `${issuer} (${env.KEYCLOAK_URL ? 'Keycloak' : 'development issuer'})`],
    ['windows', env.REDIS_URL ? 'Redis' : 'in memory'],
    ['page', `${page} (log in as alice with ${passwordOf(realm, 'alice')})`],
    ...(docs === undefined ? [] : [['API docs', `${docs} (likewise)`]]),
  ]
  const lines = examples(addresses, realm).flatMap(({ shows, command }) => ['', `# ${shows}`, command])
  return [
    'Scopegate runs, for development only. Ctrl-C stops everything.',
    '',
    ...facts.map(([name = '', value]) => `${name.padEnd(11)} ${value}`),
    '',
    'Paste these lines into another terminal, in this order:',
    ...lines,
    '',
    '',
  ].join('\n')
}

function readOptions(args: string[]) {
  const { values } = parse(args)
  const port = (name: `${'' | 'admin-' | 'issuer-' | 'orders-' | 'catalog-' | 'page-'}port`) => {
    const text = values[name]
    if (text === undefined) return undefined
    if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new UsageError(`--${name} is a number from 0 to 65535`)
    return Number(text)
  }
  return {
    config: values.config,
    realm: values.realm,
    upstream: values.upstream,
    page: values.page,
    host: values.host,
    port: port('port'),
    adminPort: port('admin-port'),
    issuerPort: port('issuer-port') ?? 0,
    ordersPort: port('orders-port') ?? 0,
    catalogPort: port('catalog-port') ?? 0,
    pagePort: port('page-port') ?? 0,
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: false })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

function untilStopped(io: CommandIo): { readonly promise: Promise<void>; release(): void } {
  const { promise, resolve: stop } = Promise.withResolvers<void>()
  const releases = (['SIGINT', 'SIGTERM'] as const).map((signal) => io.onSignal(signal, stop))
  return {
    promise,
    release: () => {
      for (const release of releases) release()
    },
  }
}

function describe(error: unknown): string {
  if (error instanceof UsageError) throw error
  const { code, port, message } = error as NodeJS.ErrnoException & { port?: number }
  if (code !== 'EADDRINUSE') return message
  return `Port ${port} is taken: stop what listens there, or choose other ports (--port, --admin-port, --issuer-port, --orders-port, --catalog-port, --page-port)`
}
