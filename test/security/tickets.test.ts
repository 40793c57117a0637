/** Tickets: where they count, and where they may never be seen. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bearer, code, PAGE, type PageTokenTarget, startPageTokenTarget } from './page-token-target.ts'

let target: PageTokenTarget
beforeAll(async () => {
  target = await startPageTokenTarget()
})
afterAll(() => target?.close())

const ask: PageTokenTarget['ask'] = (line, ...fields) => target.ask(line, ...fields)
const mint = (claims = {}) => target.mint(claims)
const askTicket: PageTokenTarget['askTicket'] = (...fields) => target.askTicket(...fields)
const newTicket = (claims = {}) => target.newTicket(claims)
const open: PageTokenTarget['open'] = (path, ...fields) => target.open(path, ...fields)

describe('a ticket', () => {
  it('is made for a token, and lives for 30 seconds', async () => {
    const made = await askTicket(bearer(await mint()), `Origin: ${PAGE}`)
    expect(made.status).toBe(200)
    expect(JSON.parse(made.body)).toEqual({ ticket: expect.stringMatching(/^[\w-]{43}$/), expires_in: 30 })
    expect(made.headers.get('cache-control')).toEqual(['no-store'])
    expect(made.headers.get('content-type')).toEqual(['application/json'])
    expect(made.headers.get('access-control-allow-origin')).toEqual([PAGE])
  })

  it('lives no longer than its token, skew included', async () => {
    const token = await mint({ exp: Math.floor(target.clock.now() / 1000) - 20 })
    expect(JSON.parse((await askTicket(bearer(token))).body).expires_in).toBeLessThanOrEqual(10)
  })

  it.each([
    ['without a token', async () => [], 401],
    ['for a token that is over', async () => [bearer(await mint({ exp: 1 }))], 401],
    ['for another audience', async () => [bearer(await mint({ aud: 'other' }))], 401],
    ['for an issuer that counts on no route with tickets', async () => [bearer(await target.mintForeign())], 401],
    ['with a session cookie alone', async () => ['Cookie: __Host-scopegate-session=1.x'], 401],
    ['for two tokens', async () => [bearer(await mint()), bearer(await mint())], 400],
  ])('is not made %s', async (_, fields, status) => {
    expect((await askTicket(...(await fields()))).status).toBe(status)
  })

  it('is not made by GET, and for a ticket there is none', async () => {
    expect((await ask('GET /.gateway/ticket', bearer(await mint()))).status).toBe(405)
    expect((await ask(`POST /.gateway/ticket?ticket=${await newTicket()}`, 'Content-Length: 0')).status).toBe(401)
  })

  it('is counted by the limits of the file', async () => {
    const token = await mint()
    const statuses = []
    for (let n = 0; n < 3; n += 1) statuses.push((await askTicket(bearer(token))).status)
    expect(statuses).toEqual([200, 200, 429])
  })

  it('answers the preflight of a page of the file', async () => {
    const fields = ['Access-Control-Request-Method: POST', 'Access-Control-Request-Headers: authorization']
    const preflight = await ask('OPTIONS /.gateway/ticket', `Origin: ${PAGE}`, ...fields)
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toEqual([PAGE])
  })

  it('opens a stream of events and a WebSocket, each as its token would, and once', async () => {
    const events = await newTicket()
    const person = target.lastPerson()
    const socket = await newTicket()
    expect((await ask(`GET /events?ticket=${events}`)).status).toBe(200)
    expect(target.upstream.lastField('x-user-id')).toEqual([person])
    const again = await ask(`GET /events?ticket=${events}`)
    expect([again.status, code(again)]).toEqual([401, 'invalid_token'])
    expect((await open(`/ws?ticket=${socket}`)).head.status).toBe(101)
    expect((await open(`/ws?ticket=${socket}`)).head.status).toBe(401)
  })

  it('allows nothing that its token does not', async () => {
    const refused = await ask(`GET /events?ticket=${await newTicket({ scope: 'other' })}`)
    expect([refused.status, code(refused)]).toEqual([403, 'insufficient_scope'])
  })

  it('is over after 30 seconds, and not before', async () => {
    const [early, late] = [await newTicket(), await newTicket()]
    target.clock.advance(29_999)
    expect((await ask(`GET /events?ticket=${early}`)).status).toBe(200)
    target.clock.advance(1)
    expect((await ask(`GET /events?ticket=${late}`)).status).toBe(401)
  })

  it('brings no token that is over', async () => {
    const ticket = await newTicket({ exp: Math.floor(target.clock.now() / 1000) + 1 })
    // The clock is set: the store's own time would not have let it in.
    const before = target.clock.now()
    target.clock.set(before + 29_000)
    expect((await ask(`GET /events?ticket=${ticket}`)).status).toBe(200)
    target.clock.set(before)
  })

  it('looks the same to everybody who has none that is good: unknown, used, malformed, empty', async () => {
    const used = await newTicket()
    await ask(`GET /events?ticket=${used}`)
    const answers = await Promise.all(
      ['A'.repeat(43), used, 'short', `${'A'.repeat(43)}%00`, '', '%ff'].map((text) =>
        ask(`GET /events?ticket=${text}`),
      ),
    )
    for (const { status, headers, body } of answers) {
      const { requestId, ...rest } = JSON.parse(body)
      expect(status).toBe(401)
      expect(rest).toMatchObject({
        code: 'invalid_token',
        detail: 'The ticket is unknown, was used before, or is over',
      })
      expect(headers.get('www-authenticate')?.[0]).toContain('error="invalid_token"')
    }
  })

  it.each([
    ['an Authorization field', (ticket: string) => [`GET /events?ticket=${ticket}`, bearer('x')]],
    ['another ticket', (ticket: string) => [`GET /events?ticket=${ticket}&ticket=${ticket}`]],
    ['an empty one', (ticket: string) => [`GET /events?ticket=${ticket}&ticket=`]],
    ['another spelling of it', (ticket: string) => [`GET /events?ticket=${ticket}&%74icket=${ticket}`]],
    ['an access_token', (ticket: string) => [`GET /events?ticket=${ticket}&access_token=x`]],
  ])('is refused beside %s (RFC 6750 section 2)', async (_, toLines) => {
    const [line = '', ...fields] = toLines(await newTicket())
    const refused = await ask(line, ...fields)
    expect([refused.status, code(refused)]).toEqual([400, 'invalid_request'])
  })

  it('is no credential of other methods, and is not spent by them', async () => {
    const ticket = await newTicket()
    for (const method of ['POST', 'PUT', 'DELETE', 'HEAD']) {
      expect((await ask(`${method} /events?ticket=${ticket}`, 'Content-Length: 0')).status).toBe(401)
    }
    expect((await ask(`GET /events?ticket=${ticket}`)).status).toBe(200)
  })

  it('is no credential where the route does not say so, and an ordinary parameter there', async () => {
    const ticket = await newTicket()
    expect((await ask(`GET /plain?ticket=${ticket}`)).status).toBe(401)
    expect((await open(`/ws-plain?ticket=${ticket}`)).head.status).toBe(401)
    expect((await ask('GET /plain?ticket=movie&a=1', bearer(await mint()))).status).toBe(200)
    expect(target.upstream.received.at(-1)?.url).toBe('/plain?ticket=movie&a=1')
    expect((await ask(`GET /events?ticket=${ticket}`)).status).toBe(200)
  })
})

describe('what an upstream gets', () => {
  it.each([
    ['ticket=T', ''],
    ['ticket=T&a=1&b=%2f', '?a=1&b=%2f'],
    ['a=1&ticket=T&b=2', '?a=1&b=2'],
    ['a=%zz&&b+c&ticket=T', '?a=%zz&&b+c'],
    ['%74icket=T&a', '?a'],
    ['a&%74%69%63%6B%65%74=T', '?a'],
    ['tickets=1&Ticket=2&ticket=T&xticket=3', '?tickets=1&Ticket=2&xticket=3'],
    ['?ticket=1&ticket=T', '??ticket=1'],
  ])('holds no ticket, and the rest of %s as it was', async (query, left) => {
    const ticket = await newTicket()
    expect((await ask(`GET /events?${query.replace('=T', `=${ticket}`)}`)).status).toBe(200)
    expect(target.upstream.received.at(-1)?.url).toBe(`/events${left}`)
  })

  it('holds no ticket where it was none either', async () => {
    await ask('POST /mixed?a=1&ticket=x', 'Content-Length: 0')
    expect(target.upstream.received.at(-1)?.url).toBe('/mixed?a=1')
  })

  it('holds the token itself only where the route forwards tokens', async () => {
    const token = await mint()
    await ask(`GET /events?ticket=${await target.ticketFor(token)}`)
    expect(target.upstream.lastField('authorization')).toEqual([])
    await ask(`GET /forwarded?ticket=${await target.ticketFor(token)}`)
    expect(target.upstream.lastField('authorization')).toEqual([`Bearer ${token}`])
  })
})
