import { execFile } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { type GatewayProcess, type SpawnOptions, spawnGateway } from '../support/gateway-process.ts'
import { closingAfterEach } from '../support/keep.ts'
import { sendRaw } from '../support/raw-http.ts'
import { describeWithRedis, startRedis } from '../support/redis.ts'
import { createTestIssuer } from '../support/test-issuer.ts'
import { waitFor } from '../support/wait-for.ts'
import { createLeakFinder, writeInAllForms } from './leak-finder.ts'
import { startLenientUpstream } from './lenient-upstream.ts'
import { SESSION_LOGIN, writeSessions, writeShapes } from './secret-shapes.ts'

const ROOT = new URL('../..', import.meta.url).pathname
const CRASH = new URL('./crash-on-signal.ts', import.meta.url).pathname
/** A dozen processes start, one after the other. */
const TIMEOUT_MS = 60_000
const keep = closingAfterEach()

const mark = (name: string) => `${name}-${randomBytes(12).toString('hex')}`
/** Made anew for each test, so that nothing found is of another one. */
let secrets: Record<string, string>
/** All that came out of the gateways of a test, and of the commands. */
let came: string[]
const secret = (name: string) => {
  secrets[name] ??= mark(name)
  return secrets[name]
}
const start = async (file: Record<string, unknown>, options: SpawnOptions = {}) => {
  const gateway = await spawnGateway(file, options)
  keep({ close: async () => void (await gateway.stop()) })
  return gateway
}

afterEach(async () => {
  secrets = {}
})

describe('the leak finder', () => {
  it.each(['plain-0123456789abcdef', 'pä"ss/\\w+rd?%=\n-and-more'])('finds %j in every form', (text) => {
    const find = createLeakFinder({ it: text })
    for (const [form, written] of Object.entries(writeInAllForms(text))) {
      expect(find(`{"a":"${written}"}`), form).toContainEqual(['it', form])
    }
    const bytes = Buffer.from(`GET / ${text} end`)
    const leaks = [
      bytes.toString('base64'),
      bytes.toString('hex').toUpperCase(),
      JSON.stringify([...bytes], null, 2),
      inspect(new Uint8Array(bytes)),
    ]
    for (const leak of leaks) expect(find(leak)).not.toEqual([])
    expect(find('nothing of the kind')).toEqual([])
  })
})

/** Everything that the gateway shows of itself. */
async function pages({ adminUrl }: GatewayProcess): Promise<void> {
  for (const path of [
    '/metrics',
    '/config/status',
    '/readyz',
    '/livez',
    '/console',
    `/config?${secret('adminQuery')}`,
  ]) {
    const answer = await fetch(adminUrl + path, { headers: { authorization: `Bearer ${secret('adminToken')}` } })
    came.push(JSON.stringify([...answer.headers]), await answer.text())
  }
}

async function command(...args: string[]): Promise<void> {
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, ['src/main.ts', ...args], { cwd: ROOT }, (_error, out, err) => resolve(out + err))
  })
  came.push(output)
}

/** Files that a crash might leave. */
async function remains(...folders: string[]): Promise<string[]> {
  const names = await Promise.all(folders.map((folder) => readdir(folder)))
  return names.flat().filter((name) => /^core(\.|$)|^report\.\d.*\.json$|\.heapsnapshot$/.test(name))
}

function expectNoLeak(): void {
  expect(Object.keys(secrets).length).toBeGreaterThan(0)
  expect(createLeakFinder(secrets)(came.join('\n'))).toEqual([])
}

function withSecrets(): void {
  secrets = {}
  came = []
}

describeWithRedis('secrets', () => {
  it.each([
    ['one process', 1],
    ['workers', 2],
  ])(
    'come out nowhere, whatever a client sends and whatever breaks (%s)',
    async (_what, workers) => {
      withSecrets()
      const [issuer, upstream] = [keep(await createTestIssuer()), keep(await startLenientUpstream())]
      const redis = await startRedis('--requirepass', secret('redisPassword'))
      keep({ close: redis.kill })
      const allow = [{ methods: 'any', token: 'any' }]
      const file = {
        workers,
        log: { level: 'trace' },
        redis: { url: '${REDIS_URL}' },
        issuers: {
          main: { issuer: issuer.issuer, audience: 'shop-api' },
          dead: { issuer: 'http://127.0.0.1:1', audience: 'shop-api' },
        },
        upstreams: { app: upstream.url, dead: 'http://127.0.0.1:1' },
        rateLimits: { login: { limit: 100, window: '1m', key: ['client.ip', 'form.password'], when: 'before-auth' } },
        defaults: { issuer: 'main' },
        login: SESSION_LOGIN,
        routes: [
          { path: '/session', to: 'app', session: true, allow },
          { path: '/orders/**', to: 'app', rateLimits: ['login'], allow },
          { path: '/socket', to: 'app', websocket: true, tokenFrom: ['ticket', 'subprotocol'], allow },
          { path: '/dead', to: 'dead', allow },
          { path: '/reset', to: 'app', allow },
          { path: '/public', to: 'app', public: 'for tests' },
          { path: '/login', to: 'app', methods: ['POST'], rateLimits: ['login'], public: 'for tests' },
        ],
      }
      const key = randomBytes(32).toString('base64')
      secrets.sessionKey = key
      const env = {
        SESSION_KEY: key,
        CLIENT_SECRET: secret('clientSecret'),
        REDIS_URL: `redis://:${secret('redisPassword')}@127.0.0.1:${redis.port}`,
        UNUSED_SECRET: secret('environment'),
      }
      const gateway = await start(file, { env })
      await waitFor('keys', async () =>
        (await (await fetch(`${gateway.adminUrl}/metrics`)).text()).includes('issuer="main"} 1'),
      )
      const shapes = await writeShapes(issuer, secret, secrets)
      const requests = [...shapes, ...(await writeSessions(issuer, key, secret, secrets))].map((bytes) =>
        Buffer.from(bytes, 'latin1'),
      )
      const send = async () =>
        void came.push(...(await Promise.all(requests.map((bytes) => sendRaw(gateway.url, bytes)))))
      await send()
      expect(came.join('')).toContain('HTTP/1.1 200 OK')
      upstream.answer = `HTTP/1.1 200 OK\r\n${secret('answerField')} x: 1\r\n\r\n`
      await send()
      await redis.kill()
      await send()
      await pages(gateway)
      if (workers > 1) {
        const { pid } = gateway.logs().find(({ msg }) => msg === 'a worker listens') ?? {}
        process.kill(Number(pid), 'SIGKILL')
        await waitFor('the end of a worker', () => gateway.output().includes('a worker ended'))
      }
      // A broken file, which holds its secrets in plain text.
      const broken = [
        `version: 1\nredis: { url: "redis://:${secret('filePassword')}@127.0.0.1:1\nroutes: []\n`,
        `version: 1\nredis: { url: "redis://:${secret('filePassword')}@127.0.0.1:1", passwrd: ${secret('typo')} }\n`,
        `version: 1\nissuers: { main: { issuer: "https://user:${secret('issuerUser')}@id.example", audience: a } }\n`,
        `version: 1\nissuers: { main: { issuer: "https://id.example", jwks: "http://u:${secret('jwksUser')}@h/", audience: a } }\n`,
        `version: 1\nupstreams: { app: "http://user:${secret('upstreamUser')}@127.0.0.1:1" }\n`,
      ]
      for (const [index, text] of broken.entries()) {
        await writeFile(gateway.configFile, text)
        gateway.child.kill('SIGHUP')
        await waitFor(
          'the refusal',
          () => gateway.logs().filter(({ msg }) => String(msg).includes('was refused')).length > index,
        )
        await pages(gateway)
        if (workers === 1)
          await Promise.all(['validate', 'routes'].map((name) => command(name, '-c', gateway.configFile)))
      }
      came.push(await readFile(`/proc/${gateway.child.pid}/cmdline`, 'utf8'))
      const folder = dirname(gateway.configFile)
      await gateway.stop()
      came.push(gateway.output())
      expect(await remains(ROOT, tmpdir(), folder).catch(() => remains(ROOT, tmpdir()))).toEqual([])
      expectNoLeak()
    },
    TIMEOUT_MS,
  )

  it('come out nowhere when Redis refuses the password', async () => {
    withSecrets()
    const upstream = keep(await startLenientUpstream())
    const redis = await startRedis('--requirepass', secret('rightPassword'))
    keep({ close: redis.kill })
    const file = {
      log: { level: 'trace' },
      redis: { url: '${REDIS_URL}' },
      upstreams: { app: upstream.url },
      rateLimits: { few: { limit: 100, window: '1m', key: 'client.ip', when: 'before-auth' } },
      routes: [{ path: '/**', to: 'app', rateLimits: ['few'], public: 'for tests' }],
    }
    const REDIS_URL = `redis://user:${secret('wrongPassword')}@127.0.0.1:${redis.port}`
    const gateway = await start(file, { env: { REDIS_URL } })
    await waitFor('the store to be given up', async () => {
      came.push(await sendRaw(gateway.url, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'))
      return gateway.output().includes('the rate-limit store changed its state')
    })
    await pages(gateway)
    await gateway.stop()
    came.push(gateway.output())
    expect(gateway.output()).toContain('WRONGPASS')
    expectNoLeak()
  })
})

describe('secrets in a failure of the gateway itself', () => {
  it.each(['exception', 'rejection'])('do not come out with an uncaught %s; where it happened does', async (by) => {
    withSecrets()
    const upstream = keep(await startLenientUpstream())
    const file = { upstreams: { app: upstream.url }, routes: [{ path: '/**', to: 'app', public: 'for tests' }] }
    const env = { CRASH_SECRET: secret(`crash${randomUUID().slice(0, 4)}`), CRASH_BY: by }
    const gateway = await start(file, { program: ['--import', CRASH, 'src/main.ts', 'start'], env })
    gateway.child.kill('SIGUSR2')
    expect(await gateway.exited).toBe(1)
    came.push(gateway.output())
    expect(gateway.output()).toMatch(/scopegate: failed unexpectedly \(Error\)\n {4}at .*crash-on-signal/)
    expect(await remains(ROOT, tmpdir())).toEqual([])
    expectNoLeak()
  })
  it('do not come out when a worker fails, and another takes its place', async () => {
    withSecrets()
    const upstream = keep(await startLenientUpstream())
    const file = {
      workers: 2,
      upstreams: { app: upstream.url },
      routes: [{ path: '/**', to: 'app', public: 'for tests' }],
    }
    const env = { CRASH_SECRET: secret('worker') }
    const gateway = await start(file, { program: ['--import', CRASH, 'src/main.ts', 'start'], env })
    const listening = () => gateway.logs().filter(({ msg }) => msg === 'a worker listens')
    process.kill(Number(listening()[0]?.pid), 'SIGUSR2')
    await waitFor('another worker', () => listening().length === 3)
    await pages(gateway)
    came.push(gateway.output())
    expect(gateway.output()).toMatch(/scopegate: failed unexpectedly \(Error\)\n {4}at .*crash-on-signal/)
    expectNoLeak()
  })
})
