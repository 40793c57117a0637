/** Pages of other origins, and the login's own pages, with and without a session. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { codeOf } from '../support/raw-http.ts'
import { ORIGIN, type SessionTarget, SPA, startSessionTarget } from './session-target.ts'

let target: SessionTarget
beforeAll(async () => {
  target = await startSessionTarget()
})
afterAll(() => target?.close())

const ask: SessionTarget['ask'] = (line, ...fields) => target.ask(line, ...fields)
const good: SessionTarget['good'] = (claims) => target.good(claims)

describe('a page of another origin', () => {
  const handshake = [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ]

  it.each([
    ['POST /app/1', ['Origin: https://evil.example']],
    ['DELETE /app/1', ['Sec-Fetch-Site: cross-site']],
    ['PUT /app/1', ['Origin: null']],
    ['PATCH /app/1', []],
    ['POST /plain', [`Origin: ${SPA}`]],
    ['POST /spa', ['Origin: https://other.shop.example', 'Sec-Fetch-Site: same-site']],
    ['GET /socket', ['Origin: https://other.shop.example', ...handshake]],
    ['POST /auth/logout', ['Origin: https://evil.example']],
    ['POST /auth/logout', []],
  ] as [string, string[]][])('does not %s with a session: %j', async (line, fields) => {
    const before = target.upstream.received.length
    const answer = await ask(line, ...fields, `Cookie: ${await good()}`)
    expect(answer.status).toBe(403)
    expect(codeOf(answer)).toBe('cross_site_request')
    expect(answer.headers.has('set-cookie')).toBe(false)
    expect(target.upstream.received.length).toBe(before)
  })

  it.each([
    ['POST /app/1', [`Origin: ${ORIGIN}`]],
    ['POST /app/1', ['Sec-Fetch-Site: same-origin']],
    ['POST /spa', [`Origin: ${SPA}`, 'Sec-Fetch-Site: same-site']],
    ['GET /app/1', ['Origin: https://evil.example', 'Sec-Fetch-Site: cross-site']],
  ] as [string, string[]][])('is not where this comes from: %s %j', async (line, fields) => {
    expect((await ask(line, ...fields, 'Content-Length: 0', `Cookie: ${await good()}`)).status).toBe(200)
  })
})

describe('the pages of the login', () => {
  it.each([
    '//evil.example',
    '/%5Cevil.example',
    '/%0d%0aLocation:%20x',
    'https://evil.example',
    '/%2509/evil',
    '',
    'x',
  ])('lead back to no other place than a path of this gateway: %s', async (returnTo) => {
    const answer = await ask(`GET /auth/login?return_to=${returnTo}`)
    expect(answer.status).toBe(400)
    expect(codeOf(answer)).toBe('login_failed')
    expect(answer.headers.has('location')).toBe(false)
  })

  it('are a 503 while the issuer has no login', async () => {
    const answer = await ask('GET /auth/login?return_to=/app')
    expect(answer.status).toBe(503)
    expect(codeOf(answer)).toBe('login_unavailable')
  })

  it('have one method each', async () => {
    for (const [line, allow] of [
      ['POST /auth/login', 'GET'],
      ['GET /auth/logout', 'POST'],
      ['DELETE /auth/me', 'GET'],
    ]) {
      const answer = await ask(String(line), 'Content-Length: 0')
      expect(answer.status).toBe(405)
      expect(answer.headers.get('allow')).toEqual([allow])
    }
  })

  it('are counted by address, so that nobody makes the issuer work', async () => {
    let answer = await ask('GET /auth/callback?state=x')
    for (let i = 0; i < 40 && answer.status !== 429; i += 1) answer = await ask('GET /auth/callback?state=x')
    expect(answer.status).toBe(429)
    expect((await ask('GET /auth/me')).status).toBe(401)
  })
})
