import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RawAnswer } from '../support/raw-http.ts'
import { startTarget, type Target } from './target.ts'

let target: Target

beforeAll(async () => {
  target = await startTarget(() => ({
    routes: [
      { path: '/orders/**', to: 'app', allow: [{ methods: 'GET', scopes: { all: ['orders:read', 'orders:write'] } }] },
      { path: '/any/**', to: 'app', allow: [{ methods: 'any', token: 'any' }] },
      { path: '/admin', to: 'app', allow: [{ methods: 'any', roles: 'admin', because: 'say "please" \\ or not' }] },
    ],
  }))
})
afterAll(() => target.close())

/** RFC 9110 section 11.6.1, for one challenge with quoted values. */
const CHALLENGE = /^Bearer ([a-z_]+="[^"\\]*")(, [a-z_]+="[^"\\]*")*$/

/** Reads the one challenge of an answer and checks its grammar (RFC 6750 section 3, RFC 9728 section 5.1). */
function challengeOf({ headers }: RawAnswer): Record<string, string> {
  const values = headers.get('www-authenticate') ?? []
  expect(values).toHaveLength(1)
  expect(values[0]).toMatch(CHALLENGE)
  const pairs = [...(values[0] ?? '').matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, name, value]) => [name, value])
  const names = pairs.map(([name]) => name)
  expect(new Set(names).size).toBe(names.length)
  const parameters = Object.fromEntries(pairs) as Record<string, string>
  if (parameters.scope !== undefined) expect(parameters.scope).toMatch(/^[!#-[\]-~]+( [!#-[\]-~]+)*$/)
  if (parameters.error_description !== undefined) expect(parameters.error_description).toMatch(/^[ !#-[\]-~]+$/)
  expect(parameters.resource_metadata).toMatch(/^http:\/\/.*\/\.well-known\/oauth-protected-resource$/)
  return parameters
}

const ask = (path: string, ...fields: string[]) => target.ask(`GET ${path} HTTP/1.1`, ...fields)
const MARK = 'zqx7'

describe('challenges (RFC 6750 section 3, RFC 9728 section 5.1)', () => {
  it.each(['/orders/1', '/nowhere', '/admin'])('asks for a token on %s without an error code', async (path) => {
    const answer = await ask(path)
    expect(answer.status).toBe(401)
    expect(Object.keys(challengeOf(answer))).toEqual(['resource_metadata'])
  })

  it.each([
    ['rubbish', () => MARK],
    ['a token of another issuer', () => target.issuer.mint({ iss: `https://${MARK}.example` })],
    ['a token with a foreign kid', () => target.issuer.mint({}, { header: { kid: MARK } })],
    ['an expired token', () => target.issuer.mint({ exp: 1, sub: MARK })],
    ['another audience', () => target.issuer.mint({ aud: MARK })],
    ['an odd alg', async () => `${Buffer.from(`{"alg":"${MARK}"}`).toString('base64url')}.e30.AAAA`],
    ['an ID token', () => target.issuer.mint({ typ: 'ID', nonce: MARK })],
  ])('says invalid_token to %s and repeats nothing of it', async (_, mint) => {
    const answer = await ask('/orders/1', `Authorization: Bearer ${await mint()}`)
    expect(answer.status).toBe(401)
    expect(challengeOf(answer)).toMatchObject({ error: 'invalid_token', error_description: expect.any(String) })
    expect(answer.text).not.toContain(MARK)
  })

  it.each(['Bearer', `Bearer ${MARK} ${MARK}`, `Bearer "${MARK}"`, MARK])(
    'says invalid_request to the field %j, with 400',
    async (value) => {
      const answer = await ask('/orders/1', `Authorization: ${value}`)
      expect(answer.status).toBe(400)
      expect(challengeOf(answer)).toMatchObject({ error: 'invalid_request' })
      expect(answer.text).not.toContain(MARK)
    },
  )

  it('says insufficient_scope with the scopes that would do, in one list', async () => {
    const answer = await ask('/orders/1', await target.bearer({ scope: `openid ${MARK}` }))
    expect(answer.status).toBe(403)
    expect(challengeOf(answer)).toMatchObject({ error: 'insufficient_scope', scope: 'orders:read orders:write' })
    expect(answer.text).not.toContain(MARK)
  })

  it('says insufficient_scope without scopes where a role is missing, and keeps the reason out of the field', async () => {
    const answer = await ask('/admin', await target.bearer())
    expect(answer.status).toBe(403)
    expect(challengeOf(answer)).not.toHaveProperty('scope')
    expect(answer.headers.get('www-authenticate')?.[0]).not.toContain('please')
    expect(JSON.parse(answer.body)).toMatchObject({ because: ['say "please" \\ or not'] })
  })

  it.each([
    ['404', '/nowhere', 404],
    ['200', '/any/1', 200],
  ])('carries none in a %s', async (_, path, status) => {
    const answer = await ask(path, await target.bearer())
    expect(answer.status).toBe(status)
    expect(answer.headers.has('www-authenticate')).toBe(false)
  })

  it('lets no path, query or field into an answer', async () => {
    const fields = [
      `User-Agent: ${MARK}`,
      `Referer: http://${MARK}`,
      `X-Request-Id: ${MARK}<`,
      `Origin: http://${MARK}`,
    ]
    for (const path of [`/orders/${MARK}?${MARK}=1`, `/${MARK}`, `/${MARK}//`, `/${MARK}%00`]) {
      for (const token of [[], [await target.bearer()]]) {
        expect((await ask(path, ...fields, ...token)).text).not.toContain(MARK)
      }
    }
  })

  it('CVE-2025-25294: takes no request id with which a log line could be forged', async () => {
    for (const id of ['a"b', '{"a":1}', 'a b', 'x'.repeat(65), '\xe9', '']) {
      const answer = await ask('/orders/1', `X-Request-Id: ${id}`)
      expect(answer.headers.get('x-request-id')?.[0]).toMatch(/^[\w.-]{1,64}$/)
      expect(answer.headers.get('x-request-id')).not.toEqual([id])
    }
    const kid = 'a"}\n{"level":"error","msg":"forged"}'
    await ask(
      '/orders/1',
      `Authorization: Bearer ${await target.issuer.mint({}, { header: { kid } })}`,
      'User-Agent: "}{',
    )
    await expect.poll(() => target.gateway.logs().at(-1)).toMatchObject({ status: 401, reason: 'token_key' })
    expect(target.gateway.logs().some((line) => line.msg === 'forged')).toBe(false)
  })
})
