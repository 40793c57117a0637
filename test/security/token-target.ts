/** What the attacks with tokens are made on: two issuers, an upstream that records, and a bait that no token may lead to. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import type { RawAnswer } from '../support/raw-http.ts'
import { createTestIssuer, type TestIssuer } from '../support/test-issuer.ts'
import { generateSigningKey, keycloakClaims, type SigningKey, signToken, type TokenKind } from '../support/tokens.ts'
import { startTarget, type Target } from './target.ts'

export let target: Target
export let other: TestIssuer
export let key: SigningKey
export let evilKey: SigningKey
/** Would notice any request that a token causes. */
export let bait: { url: string; readonly visits: string[]; close(): Promise<void> }

/** Starts it before the tests of a file. */
export function useTokenTarget(): void {
  beforeAll(start)
  afterAll(async () => {
    await target.close()
    await other.close()
    await bait.close()
  })
  beforeEach(() => target.upstream.clear())
}

async function start(): Promise<void> {
  other = await createTestIssuer({ realm: 'other' })
  bait = await startBait()
  target = await startTarget(({ issuer }) => ({
    issuers: {
      main: { issuer: issuer.issuer, audience: 'shop-api' },
      other: { issuer: other.issuer, audience: 'shop-api' },
    },
    defaults: { issuer: 'main' },
    routes: [
      { path: '/orders/**', to: 'app', allow: [{ methods: 'any', token: 'any' }] },
      {
        path: '/admin/**',
        to: 'app',
        allow: [
          { methods: 'any', scopes: 'admin' },
          { methods: 'any', roles: 'admin' },
        ],
      },
      { path: '/both/**', to: 'app', issuer: ['main', 'other'], allow: [{ methods: 'any', token: 'any' }] },
    ],
  }))
  key = target.issuer.keys[0] as SigningKey
  evilKey = await generateSigningKey('RS256', { kid: key.kid })
}

export const nowSeconds = () => Math.floor(Date.now() / 1000)
export const claims = (changes: Record<string, unknown> = {}, kind: TokenKind = 'access') =>
  keycloakClaims(kind, target.issuer.issuer, changes, { nowMs: Date.now() })
export const sign = (changes: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
  signToken(claims(changes), key, header)
export const ask = (authorization: string, path = '/orders/1') =>
  target.ask(`GET ${path} HTTP/1.1`, `Authorization: ${authorization}`)
export const askWith = (token: string, path?: string) => ask(`Bearer ${token}`, path)

/** Refused as a bad token, and nothing went on. */
export function expectInvalid(answer: RawAnswer): void {
  expect(answer.status).toBe(401)
  expect(JSON.parse(answer.body)).toMatchObject({ code: 'invalid_token', status: 401 })
  expect(answer.headers.get('www-authenticate')?.[0]).toMatch(/^Bearer error="invalid_token", /)
  expect(target.upstream.text()).toBe('')
}

async function startBait() {
  const visits: string[] = []
  const server = createServer((request, response) => {
    visits.push(request.url ?? '')
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [evilKey.publicJwk] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    visits,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}
