/** What docs/production.md says of a gateway that runs, seen on one. */

import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAccessLog } from '../../src/observability/access-log.ts'
import { createLogger } from '../../src/observability/logger.ts'
import { createRequestRecord } from '../../src/observability/request-record.ts'
import { createRateLimiting } from '../../src/rate-limiting/rate-limiting.ts'
import { createRedisClient } from '../../src/rate-limiting/redis-client.ts'
import { createRedisRenewalStore } from '../../src/sessions/redis-renewal-store.ts'
import { createRedisTicketStore } from '../../src/tickets/redis-ticket-store.ts'
import { promisesTable } from '../faults/promises.ts'
import { readConfigStatus } from '../support/config-status.ts'
import { blocksOf, codeSpans, markedPart, sectionOf, tableRows } from '../support/documents.ts'
import { openTo, startGateway, type TestGateway } from '../support/gateway.ts'
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.ts'

const DOCUMENT = 'docs/production.md'
const NOBODY = 'http://127.0.0.1:1'
const file = { ...openTo(NOBODY), issuers: { main: { issuer: NOBODY, audience: 'a' } } }

/** A change of each setting that is said to need a restart. */
const CHANGES: Readonly<Record<string, object>> = {
  listen: { listen: { host: '127.0.0.1', port: 1 } },
  admin: { admin: false },
  workers: { workers: 2 },
  upstreamClient: { upstreamClient: 'undici' },
  redis: { redis: { url: 'redis://127.0.0.1:1' } },
  decisions: { decisions: { file: '/var/log/decisions.ndjson' } },
  'limits.headers': { limits: { headers: '8KiB' } },
  'limits.url': { limits: { url: '4KiB' } },
  'limits.headerTimeout': { limits: { headerTimeout: '5s' } },
  'limits.requestTimeout': { limits: { requestTimeout: '1m' } },
  'limits.keepAliveTimeout': { limits: { keepAliveTimeout: '5s' } },
  'limits.connections': { limits: { connections: 10 } },
  'limits.inFlight': { limits: { inFlight: 10 } },
  'limits.loopDelay': { limits: { loopDelay: '1s' } },
  'shutdown.grace': { shutdown: { grace: '1s' } },
}

let gateway: TestGateway
const admin = async (path: string) => fetch(gateway.adminUrl + path)

beforeAll(async () => {
  gateway = await startGateway(file)
})
afterAll(() => gateway.close())

describe('the metrics in production.md', () => {
  it('are those that exist, in both directions', async () => {
    const documented = tableRows(markedPart(DOCUMENT, 'metrics')).map(([name]) => name?.replaceAll('`', ''))
    const text = await (await admin('/metrics')).text()
    const exposed = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)
    expect(documented.toSorted()).toEqual(exposed.toSorted())
  })
})

describe('what happens when something fails, in production.md', () => {
  it('is what the tests of faults hold the gateway to', () => {
    expect(markedPart(DOCUMENT, 'faults')).toBe(promisesTable())
  })
})

describe('the access log in production.md', () => {
  it('has the fields that a line has, in both directions', () => {
    const documented = tableRows(markedPart(DOCUMENT, 'log-fields')).flatMap(([names = '']) => codeSpans(names))
    const lines: string[] = []
    const sink = { write: (line: string) => void lines.push(line), flush() {}, close() {} }
    const full = Object.entries(createRequestRecord('id', 'GET', '127.0.0.1')).map(([key, value]) => [
      key,
      value ?? 'x',
    ])
    const record = { ...Object.fromEntries(full), upstreamMs: 1, cause: new Error('x') }
    const logAccess = createAccessLog(createLogger({ level: 'info' }, sink), sink)
    logAccess({ level: 'info', access: 'all', subject: 'hash' }, record, 1)
    expect(documented.toSorted()).toEqual(Object.keys(JSON.parse(lines[0] ?? '')).toSorted())
  })
})

describe('the admin listener in production.md', () => {
  it('has the pages of the table', async () => {
    const paths = tableRows(sectionOf(DOCUMENT, '## Health')).map(([path = '']) => path.replaceAll('`', ''))
    expect(paths).toEqual(['/livez', '/readyz', '/metrics', '/config/status', '/console'])
    for (const path of paths) expect((await admin(path)).status).toBe(path === '/readyz' ? 503 : 200)
    expect((await admin('/nowhere')).status).toBe(404)
  })

  it('says why it is not ready, and which file is in force', async () => {
    expect(await (await admin('/readyz')).json()).toEqual({ status: 'not ready', reasons: ['no keys yet: main'] })
    expect(await (await admin('/config/status')).json()).toEqual({
      digest: expect.any(String),
      appliedAt: expect.any(String),
      source: gateway.configFile,
      routes: 1,
      tests: { run: 0, green: 0 },
      reports: [],
    })
  })
})

describe('the settings that need a restart, in production.md', () => {
  const documented = codeSpans(markedPart(DOCUMENT, 'restart'))

  it('are all that do', () => {
    expect(documented.toSorted()).toEqual(Object.keys(CHANGES).toSorted())
  })

  it.each(documented)('are refused as a whole by a reload: %s', async (name) => {
    await gateway.rewrite({ ...file, ...CHANGES[name] })
    await gateway.reload()
    const { lastRefusal } = await readConfigStatus(gateway)
    expect(lastRefusal?.problems[0]?.text).toMatch(/^needs a restart: |^workers: /)
    await gateway.rewrite(file)
    await gateway.reload()
  })

  it.each([
    ['limits.body', { limits: { body: '2MiB' } }],
    ['log', { log: { access: 'none' } }],
    ['trustedProxies', { trustedProxies: ['10.0.0.0/8'] }],
    ['identity', { identity: { headers: { 'X-Sub': 'sub' } } }],
    ['resource', { resource: 'https://api.example.com' }],
  ])('are not others, such as %s', async (_, change) => {
    await gateway.rewrite({ ...file, ...change })
    await gateway.reload()
    expect(await (await admin('/config/status')).json()).not.toHaveProperty('lastRefusal')
  })
})

describeWithRedis('the Redis user in production.md', () => {
  let redis: TestRedis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.kill())

  it('may do all that the gateway does', async () => {
    const [command = ''] = blocksOf(DOCUMENT).flatMap(({ text }) => (text.startsWith('ACL SETUSER') ? text : []))
    const [name = '', ...rest] = command.replace('<password>', 'secret').split(' ')
    await redis.command(name, ...rest)
    const stage = await createRateLimiting({
      redis: { url: redis.url, username: 'scopegate', password: 'secret' },
      clock: () => performance.now(),
    })
    const policy = { name: 'a', limit: 2, windowMs: 60_000, key: [{ from: 'client.ip' }] } as const
    const policies = [{ ...policy, when: 'before-auth', onStoreError: 'deny' }] as const
    const subject = { clientIp: '192.0.2.1', routePath: '', header: () => undefined, form: () => undefined }
    const quotas = await stage.limit(policies, subject)
    expect(quotas).toMatchObject([{ remaining: 1 }])
    stage.refundAll(quotas)
    expect(await stage.limit(policies, subject)).toMatchObject([{ remaining: 1 }])
    await stage.close()
    const client = createRedisClient({ url: redis.url, username: 'scopegate', password: 'secret' })
    await once(client, 'ready')
    const renewals = createRedisRenewalStore(client)
    expect(await renewals.claim('a', 'me', 1000)).toBe(true)
    await renewals.publish('a', 'value', 1000)
    expect(await renewals.find('a')).toBe('value')
    await renewals.release('a', 'me')
    expect(await renewals.claim('a', 'another', 1000)).toBe(true)
    await renewals.end('session', 1000)
    expect(await renewals.hasEnded('session')).toBe(true)
    const tickets = createRedisTicketStore(client)
    await tickets.put('a', 'sealed', 1000)
    expect(await tickets.take('a')).toBe('sealed')
    expect(await tickets.take('a')).toBeUndefined()
    await renewals.close()
    expect(await redis.command('ACL', 'LOG')).toEqual([])
  })
})
