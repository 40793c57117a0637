/** Report mode on a gateway that runs: what is enforced, what is said of the rest, and the end of the last day. */
import { beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/authentication/clock.ts'
import { startGateway, type TestGateway } from '../../support/gateway.ts'
import { closingAfterEach } from '../../support/keep.ts'
import { request } from '../../support/raw-http.ts'
import { createTestIssuer, type TestIssuer } from '../../support/test-issuer.ts'
import { startUpstream, type TestUpstream } from '../../support/upstream.ts'
import { waitFor } from '../../support/wait-for.ts'

const keep = closingAfterEach()
const LAST_DAY = '2101-03-31'
const END_MS = Date.parse('2101-04-01T00:00:00.000Z')

let nowMs: number
let issuer: TestIssuer
let upstream: TestUpstream
let gateway: TestGateway

const reader = { methods: ['GET'], scopes: 'a:read' }
const writer = { methods: ['GET', 'POST'], scopes: 'a:write' }

async function start(settings: Readonly<Record<string, unknown>> = {}) {
  return keep(
    await startGateway(
      {
        issuers: { main: { issuer: issuer.issuer, audience: 'shop-api' } },
        upstreams: { up: upstream.url },
        routes: [
          { path: '/new/{id}', to: 'up', mode: 'report', until: LAST_DAY, allow: [reader] },
          { path: '/lines', to: 'up', until: LAST_DAY, allow: [reader, { ...writer, mode: 'report' }] },
          { path: '/stricter', to: 'up', until: LAST_DAY, allow: [writer, reader], candidate: [writer] },
          {
            path: '/half',
            to: 'up',
            mode: 'report',
            methods: ['GET'],
            public: 'x',
            allow: [{ methods: ['POST'], roles: 'r' }],
          },
        ],
        ...settings,
      },
      {},
      { clock: { ...systemClock, now: () => nowMs } },
    ),
  )
}

beforeEach(async () => {
  nowMs = END_MS - 1
  issuer = keep(await createTestIssuer({ now: () => nowMs }))
  upstream = keep(await startUpstream())
  gateway = await start()
})

async function send(line: string, scope?: string) {
  const fields = scope === undefined ? [] : [`Authorization: Bearer ${await issuer.mint({ scope })}`]
  const answer = await request(gateway.url, [`${line} HTTP/1.1`, ...fields])
  return answer.status
}

/** What the log says of the last request on a path. */
async function logged(path: string) {
  const { decision, reason, wouldDeny, wouldAllow } = await waitFor('the log', () =>
    gateway.logs().findLast((line) => line.path === path),
  )
  return { decision, reason, wouldDeny, wouldAllow }
}

async function metrics(name: string): Promise<string[]> {
  const { body } = await request(gateway.adminUrl, ['GET /metrics HTTP/1.1'])
  return body.split('\n').filter((line) => line.startsWith(name))
}

describe('a route in report mode', () => {
  it('lets everybody with a good token through, and says who would be refused, and why', async () => {
    expect(await send('GET /new/1', 'a:read')).toBe(200)
    expect(await send('GET /new/2', 'other')).toBe(200)
    expect(await send('DELETE /new/3', 'a:read')).toBe(200)
    expect(await send('DELETE /new/4', 'other')).toBe(200)
    const allowed = { decision: 'allowed', reason: 'allowed' }
    expect(await logged('/new/4')).toEqual({ ...allowed, wouldDeny: 'method_in_no_line' })
    expect(await logged('/new/3')).toEqual({ ...allowed, wouldDeny: 'method_in_no_line' })
    expect(await logged('/new/2')).toEqual({ ...allowed, wouldDeny: 'no_line_fits' })
    expect(await logged('/new/1')).toEqual(allowed)
    expect(upstream.received.map(({ url }) => url)).toEqual(['/new/1', '/new/2', '/new/3', '/new/4'])
    expect(await metrics('scopegate_report_')).toEqual([
      'scopegate_report_denials_total{route="/new/{id}",reason="no_line_fits"} 1',
      'scopegate_report_denials_total{route="/new/{id}",reason="method_in_no_line"} 2',
      'scopegate_report_overdue 0',
    ])
  })

  it('refuses those who are not known, and methods that no file can name, as ever', async () => {
    expect(await send('GET /new/1')).toBe(401)
    expect(await send('POST /half')).toBe(401)
    expect((await request(gateway.url, ['GET /new/1 HTTP/1.1', 'Authorization: Bearer a.b.c'])).status).toBe(401)
    expect(await send('OPTIONS /new/1', 'a:read')).toBe(405)
    expect(await send('TRACE /half', 'a:read')).toBe(405)
    expect(await send('GET /half')).toBe(200)
    expect(upstream.received.map(({ url }) => url)).toEqual(['/half'])
    await logged('/half')
    for (const { wouldDeny, wouldAllow } of gateway.logs())
      expect([wouldDeny, wouldAllow]).toEqual([undefined, undefined])
    expect(await metrics('scopegate_report_denials')).toEqual([])
  })

  it('lets through to the last millisecond of its last day, by UTC, and then enforces without another file', async () => {
    expect(await send('GET /new/1', 'other')).toBe(200)
    nowMs = END_MS
    expect(await send('GET /new/2', 'other')).toBe(403)
    expect(await send('DELETE /new/3', 'a:read')).toBe(405)
    expect(await send('GET /new/4', 'a:read')).toBe(200)
    expect(await logged('/new/2')).toEqual({ decision: 'denied', reason: 'no_line_fits' })
    expect(await metrics('scopegate_report_overdue')).toEqual(['scopegate_report_overdue 3'])
  })

  it('has its lines in a log of denials', async () => {
    gateway = await start({ log: { access: 'denials' } })
    expect(await send('GET /new/1', 'other')).toBe(200)
    expect(await send('GET /new/2', 'a:read')).toBe(200)
    expect(await send('GET /new/3')).toBe(401)
    await logged('/new/3')
    expect(gateway.logs().flatMap(({ path }) => path ?? [])).toEqual(['/new/1', '/new/3'])
  })
})

describe('an allow line in report mode', () => {
  it('lets nobody through who would be refused without it, and says whom it would', async () => {
    expect(await send('GET /lines', 'a:read')).toBe(200)
    expect(await send('POST /lines', 'a:write')).toBe(405)
    expect(await logged('/lines')).toEqual({ decision: 'denied', reason: 'method_in_no_line', wouldAllow: true })
    expect(await send('GET /lines', 'a:write')).toBe(403)
    expect(await metrics('scopegate_report_allowances')).toEqual([
      'scopegate_report_allowances_total{route="/lines"} 2',
    ])
    nowMs = END_MS
    expect(await send('POST /lines', 'a:write')).toBe(200)
    expect(await send('POST /lines', 'a:read')).toBe(403)
  })
})

describe('a candidate', () => {
  it('changes nothing, says whom it would refuse, and takes the place of `allow` after its last day', async () => {
    expect(await send('GET /stricter', 'a:read')).toBe(200)
    expect(await logged('/stricter')).toEqual({ decision: 'allowed', reason: 'allowed', wouldDeny: 'no_line_fits' })
    expect(await send('GET /stricter', 'other')).toBe(403)
    nowMs = END_MS
    expect(await send('GET /stricter', 'a:read')).toBe(403)
    expect(await send('POST /stricter', 'a:write')).toBe(200)
  })
})
