/** A gateway records its decisions, and the commands of the program read them: all of it in processes of their own. */
import { execFile } from 'node:child_process'
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { spawnGateway } from '../../support/gateway-process.ts'
import { request } from '../../support/raw-http.ts'
import { createTestIssuer, type TestIssuer } from '../../support/test-issuer.ts'
import { startUpstream } from '../../support/upstream.ts'

const ROOT = new URL('../../..', import.meta.url).pathname
const QUERY = 'card=4111'
const SUBJECTS = ['subject-alice', 'subject-bob']

let folder: string
let issuer: TestIssuer
let tokens: string[]
let logs: string[]

const read = { methods: ['GET'], scopes: 'orders:read' }
const own = { methods: ['GET'], scopes: 'profile', where: { 'path.userId': 'token.sub' } }
const orders = { path: '/orders/**', to: 'up', allow: [read, { methods: ['POST'], scopes: 'orders:write' }] }
const users = { path: '/users/{userId}', to: 'up', allow: [own] }

function fileOf(routes: readonly object[], url: string): Record<string, unknown> {
  return {
    issuers: { main: { issuer: issuer.issuer, audience: 'shop-api' } },
    upstreams: { up: url },
    routes,
  }
}

function write(name: string, routes: readonly object[]): void {
  writeFileSync(join(folder, name), stringify({ version: 1, ...fileOf(routes, 'http://127.0.0.1:1') }))
}

function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const env = { PATH: process.env.PATH ?? '' }
  return new Promise((resolve) => {
    execFile(process.execPath, [join(ROOT, 'src/main.ts'), ...args], { cwd: folder, env }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err })
    })
  })
}

/** 300 reads of the shop in parts, so that the log is rotated; and some of each other kind. */
async function makeTraffic(url: string): Promise<void> {
  const [alice, bob, job] = tokens.map((token) => `Authorization: Bearer ${token}`)
  const ask = (line: string, ...fields: (string | undefined)[]) =>
    request(url, [`${line} HTTP/1.1`, ...fields.filter((field) => field !== undefined)])
  for (let n = 0; n < 300; n += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, i) => ask(`GET /orders/${n + i}?${QUERY}`, alice)))
  }
  await ask(`GET /orders/search?${QUERY}`, alice)
  await ask('GET /users/subject-alice', alice)
  await ask('GET /users/subject-bob', alice)
  for (let n = 0; n < 3; n += 1) await ask('GET /users/subject-bob', bob)
  await ask('POST /orders/1', job)
  await ask('GET /orders/1', job)
  await ask('GET /orders/1')
  await ask('GET /orders/1', 'Authorization: Bearer a.b.c')
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scopegate-'))
  issuer = await createTestIssuer()
  const upstream = await startUpstream()
  tokens = await Promise.all([
    issuer.mint({ sub: SUBJECTS[0], azp: 'shop-spa', scope: 'openid orders:read profile' }),
    issuer.mint({ sub: SUBJECTS[1], azp: 'shop-app', scope: 'profile orders:read orders:write' }),
    issuer.mint({ sub: 'subject-job', azp: 'shop-job', scope: 'orders:write' }),
  ])
  const decisions = { file: join(folder, 'decisions.ndjson'), maxSize: '64KiB' }
  const gateway = await spawnGateway({ ...fileOf([orders, users], upstream.url), decisions })
  await makeTraffic(gateway.url)
  await gateway.stop()
  await upstream.close()
  logs = readdirSync(folder).filter((name) => name.startsWith('decisions'))
  write('same.yaml', [orders, users])
})
afterAll(async () => {
  await issuer.close()
  await rm(folder, { recursive: true })
})

const from = () => ['--from', ...logs]

describe('the decision log of a gateway under traffic', () => {
  it('is rotated, and has no token, no subject, no query', () => {
    expect(logs.length).toBeGreaterThan(1)
    const text = logs.map((name) => readFileSync(join(folder, name), 'utf8')).join('')
    expect(text.split('\n').filter((line) => line !== '')).toHaveLength(310)
    const parts = tokens.flatMap((token) => token.split('.'))
    for (const secret of [...parts, ...SUBJECTS, 'alice', 'bob', QUERY, '4111']) expect(text).not.toContain(secret)
  })
})

describe('scopegate impact', () => {
  it('finds nothing for the file that decided, and knows all of it', async () => {
    const { code, out, err } = await run('impact', 'same.yaml', ...from())
    expect({ code, out, err }).toEqual({ code: 0, out: 'None of 310 requests would be newly denied.\n', err: '' })
  })

  it('says who would notice, by client and route, and exits with 1', async () => {
    write('narrow.yaml', [
      {
        ...orders,
        allow: [
          { ...read, scopes: { all: ['orders:read', 'openid'] } },
          { methods: ['POST'], roles: 'shipper' },
        ],
      },
      {
        ...users,
        path: '/users/{id}',
        allow: [{ methods: ['GET'], scopes: 'profile', where: { 'path.id': 'token.azp' } }],
      },
      { path: '/orders/search', to: 'up', methods: ['GET'], public: 'x' },
    ])
    const { code, out } = await run('impact', 'narrow.yaml', ...from())
    expect(code).toBe(1)
    expect(out.replaceAll(/last .*/g, 'last')).toBe(`Newly denied
  shop-job: 1 request POST /orders/**: 403
    last

Other route
  shop-spa: 1 request GET /orders/** → /orders/search: public
    last

Unknown
  shop-app: 3 requests GET /users/{userId} → /users/{id}: the claim azp was not recorded
    last
  shop-spa: 2 requests GET /users/{userId} → /users/{id}: the claim azp was not recorded
    last

1 of 310 requests would be newly denied; of 5 it is not known.
`)
    expect(out).toMatch(/last \d{4}-\S+Z: POST \/orders\/~[\w-]{16}\n/)
  })

  it('says what would be newly allowed, and goes elsewhere; that alone is nothing to notice', async () => {
    const any = { path: '/users/{userId}', to: 'other', allow: [{ methods: ['GET'], token: 'any' }] }
    writeFileSync(
      join(folder, 'wide.yaml'),
      stringify({
        version: 1,
        ...fileOf([orders, any], 'http://127.0.0.1:1'),
        upstreams: { up: 'http://a', other: 'http://b' },
      }),
    )
    const { code, out } = await run('impact', 'wide.yaml', '--json', ...from())
    expect(code).toBe(0)
    const result = JSON.parse(out)
    expect(result).toMatchObject({ requests: 310, unchanged: 305, newlyDenied: [], unknown: [], malformed: 0, lost: 0 })
    expect(result.newlyAllowed).toMatchObject([{ clientId: 'shop-spa', what: '403 before, now line 1', requests: 1 }])
    const elsewhere = result.upstreamChanged.map(({ clientId, what, requests }: Record<string, unknown>) => [
      clientId,
      what,
      requests,
    ])
    expect(elsewhere).toEqual([
      ['shop-app', 'up → other', 3],
      ['shop-spa', 'up → other', 1],
    ])
  })

  it('is a table for a comment, too', async () => {
    write('no-users.yaml', [orders])
    const { code, out } = await run('impact', 'no-users.yaml', '--markdown', ...from())
    expect(code).toBe(1)
    expect(out).toContain('**⚠️ 4 of 310 requests would be newly denied.**\n\n### Newly denied\n')
    expect(out).toContain('| `shop-app` | `GET /users/{userId} → (no route)` | `3` | `404` | `20')
  })
})

describe('scopegate usage', () => {
  it('lists the scopes that each client holds and does not use', async () => {
    const { code, out } = await run('usage', '-c', 'same.yaml', ...from())
    expect(code).toBe(0)
    expect(out).toBe(`shop-spa of main  303 requests, 302 allowed
  used    orders:read profile
  unused  openid
  301 × /orders/**
  1 × /users/{userId}

shop-app of main  3 requests, 3 allowed
  used    profile
  unused  orders:read orders:write
  3 × /users/{userId}

shop-job of main  2 requests, 1 allowed
  used    orders:write
  unused  none
  1 × /orders/**

`)
  })

  it('is data with --json', async () => {
    const { out } = await run('usage', '-c', 'same.yaml', '--json', ...from())
    expect(JSON.parse(out)).toMatchObject({
      clients: [{ clientId: 'shop-spa', held: ['openid', 'orders:read', 'profile'] }, { allowed: 3 }, { unused: [] }],
      unknown: 0,
      isSampled: false,
    })
  })
})

describe('commands that read decision logs', () => {
  it('count what is no record, and what was lost', async () => {
    const loss = JSON.stringify({ level: 'warn', time: 'x', lines: 7, msg: 'log lines were lost' })
    writeFileSync(join(folder, 'bad.ndjson'), `\n{"time":1}\nnot JSON\n${loss}\n{"time":"2026-01-01T00:00:00Z"`)
    appendFileSync(join(folder, 'bad.ndjson'), `,"x":"${'y'.repeat(3_000_000)}"}\n{}\n`)
    const { code, out } = await run('impact', 'same.yaml', '--from', 'bad.ndjson', '--from', ...logs)
    expect({ code, out }).toEqual({
      code: 0,
      out: `None of 310 requests would be newly denied.
4 lines are no record and were left out
7 lines were lost when they were written
`,
    })
  })

  it('exit with 2 without a log, or with one that cannot be read', async () => {
    for (const command of [
      ['impact', 'same.yaml'],
      ['usage', '-c', 'same.yaml'],
    ]) {
      expect(await run(...command)).toMatchObject({ code: 2, err: expect.stringContaining('--from FILE') })
      const nowhere = await run(...command, '--from', 'nowhere.ndjson')
      expect(nowhere).toMatchObject({ code: 2, err: expect.stringContaining('nowhere.ndjson cannot be read') })
      expect(await run(...command, '--from', '.')).toMatchObject({ code: 2 })
    }
    expect(await run('impact', '--from', ...logs.slice(0, 1))).toMatchObject({ code: 2 })
    expect((await run('impact', 'nowhere.yaml', ...from())).code).toBe(2)
  })
})
