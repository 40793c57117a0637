import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { DecisionRecord } from '../../../src/observability/decision-record.ts'
import { startGateway } from '../../support/gateway.ts'
import { closingAfterEach } from '../../support/keep.ts'
import { request } from '../../support/raw-http.ts'
import { createTestIssuer } from '../../support/test-issuer.ts'
import { startUpstream } from '../../support/upstream.ts'
import { waitFor } from '../../support/wait-for.ts'
import { spawnWorkers } from '../../support/workers.ts'

const keep = closingAfterEach()
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
const HIDDEN = expect.stringMatching(/^~[\w-]{16}$/)
const SALT = expect.stringMatching(/^[\w-]{12}$/)
const RULES = expect.stringMatching(/^[\w-]{16}$/)

async function createFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'scopegate-'))
  keep({ close: () => rm(folder, { recursive: true }) })
  return { folder, file: join(folder, 'decisions.ndjson') }
}

function readRecords(file: string): DecisionRecord[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.filter((line) => line.startsWith('{"time"')).map((line): DecisionRecord => JSON.parse(line))
}

async function start(decisions: Record<string, unknown> = {}) {
  const { folder, file } = await createFolder()
  const issuer = keep(await createTestIssuer())
  const upstream = keep(await startUpstream())
  const content = {
    issuers: { main: { issuer: issuer.issuer, audience: 'shop-api' } },
    upstreams: { up: upstream.url, down: 'http://127.0.0.1:1' },
    rateLimits: { one: { limit: 1, window: '1m', key: 'client.ip', when: 'before-auth' } },
    decisions: { file, ...decisions },
    routes: [
      {
        path: '/users/{userId}/orders/**',
        to: 'up',
        allow: [
          { methods: ['GET'], roles: 'support', claims: { 'org.tenant': 'acme', level: 3 } },
          { methods: ['GET'], scopes: 'orders:read', where: { 'path.userId': 'token.sub' } },
        ],
      },
      { path: '/open', to: 'up', methods: ['GET'], public: 'x', cors: 'spa' },
      {
        path: '/new',
        to: 'up',
        mode: 'report',
        until: '2101-03-31',
        allow: [{ methods: ['GET'], scopes: 'new:read' }],
      },
      { path: '/down', to: 'down', methods: ['GET'], public: 'x' },
      { path: '/once', to: 'up', rateLimits: ['one'], allow: [{ methods: ['GET'], token: 'any' }] },
    ],
    cors: { spa: { origins: ['https://shop.example'] } },
  }
  const gateway = keep(await startGateway(content))
  const claims = {
    sub: 'subject-alice',
    azp: 'shop-spa',
    scope: 'orders:read',
    org: { tenant: 'tenant-x' },
    level: 41.5,
  }
  const token = await issuer.mint({ ...claims, email: 'alice@shop.example' })
  const ask = (line: string, ...fields: string[]) => request(gateway.url, [`${line} HTTP/1.1`, ...fields])
  const records = (count: number) =>
    waitFor(`${count} records`, () => {
      const found = readRecords(file)
      return found.length >= count ? found : undefined
    })
  return { folder, file, content, gateway, issuer, token, ask, records, bearer: `Authorization: Bearer ${token}` }
}

describe('the decision log', () => {
  it('says who was let through only because the route reports, also where few are recorded', async () => {
    const { ask, bearer, records } = await start({ sample: 0 })
    expect((await ask('GET /new', bearer)).status).toBe(200)
    const [record] = await records(1)
    expect(record).toMatchObject({
      ...{ decision: 'allowed', status: 200, mode: 'report', wouldDeny: 'no_line_fits', missing: ['new:read'] },
    })
    expect(record).not.toHaveProperty('line')
  })

  it('has what a decision rested on, and only pseudonyms of values', async () => {
    const { ask, bearer, records, file, token } = await start()
    await ask('GET /users/subject-alice/orders/open/4711?card=4111', bearer)
    const [record] = await records(1)
    expect(record).toEqual({
      time: TIME,
      method: 'GET',
      path: expect.stringMatching(/^\/users\/~[\w-]{16}\/orders\/open\/~[\w-]{16}$/),
      route: '/users/{userId}/orders/**',
      upstream: 'up',
      decision: 'allowed',
      line: 2,
      status: 200,
      reason: 'allowed',
      caller: 'token',
      salt: SALT,
      issuer: 'main',
      clientId: 'shop-spa',
      subject: expect.stringMatching(/^[\w-]{22}$/),
      rules: RULES,
      scopes: ['orders:read'],
      roles: expect.arrayContaining(['customer', 'shop-api:reader']),
      claims: { '/sub': HIDDEN, '/org/tenant': HIDDEN, '/level': expect.stringMatching(/^#[\w-]{16}$/) },
    })
    expect(record?.path.split('/')[2]).toBe(record?.claims?.['/sub'])
    const text = readFileSync(file, 'utf8')
    const secrets = ['subject-alice', 'alice', 'card', '4111', '4711', 'tenant-x', '41.5', ...token.split('.')]
    for (const secret of secrets) expect(text).not.toContain(secret)
  })

  it('has refusals: no token, a bad one, none that fits, no route, no method', async () => {
    const { ask, bearer, records } = await start()
    await ask('GET /users/u/orders')
    await ask('GET /users/u/orders', 'Authorization: Bearer a.b.c')
    await ask('GET /users/u/orders', bearer)
    await ask('GET /nowhere', bearer)
    await ask('DELETE /users/u/orders', bearer)
    const found = await records(5)
    expect(found.map(({ caller, status, reason, decision }) => [caller, status, reason, decision])).toEqual([
      ['none', 401, 'token_missing', 'denied'],
      ['refused', 401, 'token_malformed', 'denied'],
      ['token', 403, 'no_line_fits', 'denied'],
      ['token', 404, 'no_route', 'denied'],
      ['token', 405, 'method_in_no_line', 'denied'],
    ])
    expect(found[0]).not.toHaveProperty('claims')
    expect(found[1]).toMatchObject({ rules: RULES })
    expect(found[3]).not.toHaveProperty('route')
  })

  it('has what was decided although it failed or was limited later, and nothing that was not decided', async () => {
    const { ask, bearer, records } = await start()
    await ask('OPTIONS /open', 'Origin: https://shop.example', 'Access-Control-Request-Method: GET')
    await ask('GET /.well-known/oauth-protected-resource')
    await ask('GET /a/../b')
    await ask('GET /down')
    await ask('GET /once', bearer)
    await ask('GET /once', bearer)
    await ask('GET /open', bearer)
    const found = await records(3)
    expect(found.map(({ path, caller, line, status }) => [path, caller, line, status])).toEqual([
      ['/down', 'none', 'public', 502],
      ['/once', 'token', 1, 200],
      ['/open', 'unread', 'public', 200],
    ])
  })

  it('has a sample of what is allowed, and all refusals', async () => {
    const { ask, bearer, records } = await start({ sample: 0 })
    await ask('GET /open')
    await ask('GET /users/u/orders', bearer)
    expect((await records(1)).map(({ status, sample }) => [status, sample])).toEqual([[403, 0]])
  })

  it('begins a new file when one is full, and loses no record on the way', async () => {
    const { ask, folder, file, gateway } = await start({ maxSize: '64KiB', keep: 50 })
    for (let n = 0; n < 1200; n += 50) await Promise.all(Array.from({ length: 50 }, () => ask('GET /open')))
    await gateway.close()
    const files = readdirSync(folder).map((name) => join(folder, name))
    expect(files.length).toBeGreaterThan(3)
    expect(files).toContain(`${file}.1`)
    expect(files.flatMap(readRecords)).toHaveLength(1200)
    for (const name of files) expect(readFileSync(name).length).toBeLessThanOrEqual(64 * 1024)
  })

  it('never fails a request: lines that cannot be written are counted', async () => {
    const { ask, file, gateway } = await start({ maxSize: '64KiB', keep: 1 })
    mkdirSync(`${file}.new`)
    const statuses = new Set<number>()
    for (let n = 0; n < 600; n += 50) {
      for (const { status } of await Promise.all(Array.from({ length: 50 }, () => ask('GET /open'))))
        statuses.add(status)
    }
    expect([...statuses]).toEqual([200])
    const metric = async () => (await request(gateway.adminUrl, ['GET /metrics HTTP/1.1'])).body
    const lost = async () => Number(/^scopegate_decision_lines_lost_total (\d+)$/m.exec(await metric())?.[1])
    await waitFor('all lines to be written or lost', async () => readRecords(file).length + (await lost()) === 600)
    expect(await lost()).toBeGreaterThan(0)
  })

  it('refuses a start when its file cannot be written', async () => {
    const { file, content, folder } = await start()
    const open = startGateway({ ...content, decisions: { file: join(folder, 'none', 'a') } })
    await expect(open).rejects.toThrow(/^decisions\.file cannot be written: ENOENT/)
    writeFileSync(file, '')
    const inFile = startGateway({ ...content, decisions: { file: join(file, 'a') } })
    await expect(inFile).rejects.toThrow(/^decisions\.file cannot be written: ENOTDIR/)
  })

  it('has a file for each worker, and changes by a restart only', async () => {
    const { folder, file } = await createFolder()
    const upstream = keep(await startUpstream())
    const content = {
      upstreams: { up: upstream.url },
      routes: [{ path: '/', to: 'up', methods: ['GET'], public: 'x' }],
      decisions: { file },
    }
    const gateway = keep(await spawnWorkers(content))
    await gateway.rewrite({ workers: 2, ...content, decisions: { file, keep: 7 } })
    const refusal = await waitFor('the refusal', () => gateway.logs().find(({ problems }) => problems !== undefined))
    expect(JSON.stringify(refusal.problems)).toContain('needs a restart: decisions')
    await request(gateway.url, ['GET / HTTP/1.1'])
    await gateway.stop()
    expect(readdirSync(folder).toSorted()).toEqual(['decisions.1.ndjson', 'decisions.2.ndjson'])
    expect(readdirSync(folder).flatMap((name) => readRecords(join(folder, name)))).toHaveLength(1)
    expect(existsSync(file)).toBe(false)
  })
})
