/** What can be tried with the cookie of a session on its way through a gateway. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { codeOf, type RawAnswer } from '../support/raw-http.ts'
import { sessionCookie } from '../support/sealed-session.ts'
import { waitFor } from '../support/wait-for.ts'
import { ORIGIN, type SessionTarget, startSessionTarget } from './session-target.ts'

let target: SessionTarget
beforeAll(async () => {
  target = await startSessionTarget()
})
afterAll(() => target?.close())

const ask: SessionTarget['ask'] = (line, ...fields) => target.ask(line, ...fields)
const good: SessionTarget['good'] = (claims) => target.good(claims)
const cleared = ({ headers }: RawAnswer) =>
  headers.get('set-cookie')?.filter((line) => line.endsWith('Max-Age=0')) ?? []

describe('a session', () => {
  it('becomes the token of its request, and the answer is for no shared cache', async () => {
    const answer = await ask('GET /app/1', `Cookie: ${await good({ sub: 'u7' })}`)
    expect(answer.status).toBe(200)
    expect(target.upstream.lastField('x-user-id')).toEqual(['u7'])
    expect(answer.headers.get('cache-control')).toEqual(['private'])
    expect(answer.headers.get('vary')).toEqual(['Cookie'])
    expect(answer.headers.has('set-cookie')).toBe(false)
  })

  it.each([
    ['lacks the scope', { scope: 'profile' }, 403, 'insufficient_scope'],
    ['is for another audience', { aud: 'another' }, 401, 'invalid_token'],
    ['is of another issuer', { iss: 'https://evil.example' }, 401, 'invalid_token'],
    ['is an ID token', { typ: 'ID' }, 401, 'invalid_token'],
  ])('allows nothing when its token %s', async (_, claims, status, word) => {
    const answer = await ask('GET /app/1', 'Accept: text/html', `Cookie: ${await good(claims)}`)
    expect(answer.status).toBe(status)
    expect(codeOf(answer)).toBe(word)
  })

  it('is read only on routes that say so', async () => {
    for (const path of ['/api', '/nowhere']) {
      const answer = await ask(`GET ${path}`, `Cookie: ${await good()}`)
      expect(answer.status).toBe(401)
    }
  })

  it.each(['Bearer x', 'Basic eDp5', 'Bearer'])(
    'does not stand in for a worthless Authorization: %s',
    async (value) => {
      const answer = await ask('GET /app/1', `Authorization: ${value}`, `Cookie: ${await good()}`)
      expect(answer.status).toBeGreaterThanOrEqual(400)
    },
  )

  it('yields to a good token', async () => {
    const fields = [
      `Authorization: Bearer ${await target.mint({ sub: 'mine' })}`,
      `Cookie: ${await good({ sub: 'other' })}`,
    ]
    expect((await ask('POST /app/1', ...fields, 'Content-Length: 0')).status).toBe(200)
    expect(target.upstream.lastField('x-user-id')).toEqual(['mine'])
  })

  it('is a token sent twice beside one in the query', async () => {
    const answer = await ask('GET /app/1?access_token=x', `Cookie: ${await good()}`)
    expect(codeOf(answer)).toBe('invalid_request')
  })

  it('reaches no upstream as a cookie, on any route and in any spelling', async () => {
    const cookie = await good()
    const spellings = [
      `a=1; ${cookie}; b=2`,
      `${cookie}`,
      `__HOST-scopegate-session=x; a=1`,
      `a=1;__Host-scopegate-login-1-x=y`,
    ]
    for (const path of ['/app/1', '/open']) {
      for (const value of spellings) {
        const before = target.upstream.received.length
        await ask(`GET ${path}`, `Cookie: ${value}`, `Cookie: c=3`, `cookie: ${cookie}`)
        if (target.upstream.received.length === before) continue
        expect(target.upstream.lastField('cookie').join('; ').toLowerCase()).not.toContain('scopegate')
        expect(target.upstream.lastField('cookie')).toContain('c=3')
      }
    }
    await ask('GET /open', `Cookie: ${cookie}`)
    expect(target.upstream.lastField('cookie')).toEqual([])
  })

  it('is kept by no shared cache for which an upstream makes an exception, as an answer to a token may be', async () => {
    const answer = await ask('GET /cached', `Cookie: ${await good()}`)
    expect(answer.headers.get('cache-control')).toEqual(['max-age=60, private'])
    for (const name of ['cdn-cache-control', 'vendor-cdn-cache-control', 'surrogate-control']) {
      expect(answer.headers.has(name)).toBe(false)
    }
    expect(answer.headers.get('clear-site-data')).toEqual(['"cookies"'])
    const toToken = await ask('GET /cached', `Authorization: Bearer ${await target.mint()}`)
    expect(toToken.headers.get('cdn-cache-control')).toEqual(['max-age=600'])
  })

  it('is not set by an upstream', async () => {
    const answer = await ask('GET /setting', `Cookie: ${await good()}`)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('set-cookie')).toEqual(['a=1'])
  })

  it.each([
    ['changed', (cookie: string) => `${cookie.slice(0, -1)}${cookie.endsWith('A') ? 'B' : 'A'}`],
    ['cut short', (cookie: string) => cookie.slice(0, -5)],
    ['of no key', (cookie: string) => cookie.replace(/session=1\.[^.]+/, 'session=1.eyJhbGciOiJkaXIifQ')],
    ['a token as it is', () => '__Host-scopegate-session=1.a.b.c'],
    ['half of two', () => '__Host-scopegate-session=2.abc'],
  ])('that is %s counts as none, and is removed', async (_, change) => {
    const answer = await ask('GET /app/1', `Cookie: ${change(await good())}`)
    expect(answer.status).toBe(401)
    expect(codeOf(answer)).toBe('missing_token')
    expect(cleared(answer)).toHaveLength(1)
  })

  it('ends by its times, whatever its token is good for', async () => {
    const accessToken = await target.mint()
    for (const ago of [{ renewedAtMs: Date.now() - 31 * 60_000 }, { startedAtMs: Date.now() - 601 * 60_000 }]) {
      const answer = await ask('GET /app/1', `Cookie: ${await sessionCookie({ accessToken, ...ago })}`)
      expect(answer.status).toBe(401)
      expect(cleared(answer)).toHaveLength(1)
    }
  })

  it('that cannot be renewed is a 503 and stays; before its token ends it serves', async () => {
    const accessToken = await target.mint()
    const ended = await ask(
      'GET /app/1',
      `Cookie: ${await sessionCookie({ accessToken, accessEndsAtMs: Date.now() - 1 })}`,
    )
    expect(ended.status).toBe(503)
    expect(codeOf(ended)).toBe('login_unavailable')
    expect(ended.headers.has('set-cookie')).toBe(false)
    const due = await sessionCookie({ accessToken, renewedAtMs: Date.now() - 10 * 60_000 })
    expect((await ask('GET /app/1', `Cookie: ${due}`)).status).toBe(200)
  })
})

describe('a key of the cookies', () => {
  it('that is no longer the first one still opens what it closed, until it is gone', async () => {
    const cookie = await sessionCookie({ accessToken: await target.mint() }, { key: 'old' })
    expect((await ask('GET /app/1', `Cookie: ${cookie}`)).status).toBe(200)
    await target.useKeys('new')
    await waitFor('the key to be gone', async () => (await ask('GET /app/1', `Cookie: ${cookie}`)).status === 401)
    expect((await ask('GET /app/1', `Cookie: ${await good()}`)).status).toBe(200)
  })

  it('that other gateways have already, or still, is no reason to log anybody out', async () => {
    await target.useKeys('new')
    const cookie = await sessionCookie({ accessToken: await target.mint() }, { key: 'old' })
    await waitFor('the key to be gone', async () => (await ask('GET /app/1', `Cookie: ${cookie}`)).status === 401)
    const page = ['Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document', `Cookie: ${cookie}`]
    for (const [line, fields, status] of [
      ['GET /app/1', page, 303],
      ['GET /app/1', [`Cookie: ${cookie}`], 401],
      ['GET /auth/me', [`Cookie: ${cookie}`], 401],
    ] as const) {
      const answer = await ask(line, ...fields)
      expect(answer.status).toBe(status)
      expect(answer.headers.has('set-cookie')).toBe(false)
    }
    const logout = await ask('POST /auth/logout', `Origin: ${ORIGIN}`, 'Content-Length: 0', `Cookie: ${cookie}`)
    expect(cleared(logout)).toHaveLength(1)
    await target.useKeys('new', 'old')
    await waitFor('the key', async () => (await ask('GET /app/1', `Cookie: ${cookie}`)).status === 200)
  })
})
