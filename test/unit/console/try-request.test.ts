import { describe, expect, it } from 'vitest'
import { createSimulation } from '../../../src/authoring/simulate.ts'
import { readTrial, type Trial, tryRequest } from '../../../src/console/try-request.ts'
import { policy } from '../../support/policy-file.ts'
import { shopFile } from '../../support/shop-file.ts'

const ISSUER = 'https://id.example/realms/shop'
const NOW = 1_800_000_000_000
const config = policy(shopFile(ISSUER, 'http://up'))

function attempt(trial: Omit<Trial, 'method'> & { readonly method?: string }) {
  const { explanation, opens } = tryRequest(config, createSimulation(config), { method: 'GET', ...trial }, NOW)
  const methods = (path: string) =>
    opens.find((route) => route.path === path)?.methods.map(({ method, isOpen }) => `${isOpen ? '+' : '-'}${method}`)
  return { explanation, opens, methods }
}

const seconds = NOW / 1000
const tokenClaims = { iss: ISSUER, aud: 'shop-api', exp: seconds + 60, iat: seconds, typ: 'Bearer', sub: 'alice' }
const header = { alg: 'RS256', kid: 'k', typ: 'JWT' }

describe('a request that is tried in the console', () => {
  it('is explained for claims, and nobody needs to sign them', () => {
    const { explanation, methods } = attempt({ path: '/orders/7', claims: { sub: 'alice', scope: 'orders:read' } })
    expect(explanation).toMatchObject({ outcome: 'forwarded', status: 200, route: { path: '/orders/**' } })
    expect(methods('/orders/**')).toEqual(['+GET', '+HEAD', '-POST', '-DELETE'])
    expect(methods('/manage')).toEqual(['-GET', '-HEAD'])
    expect(methods('/any')?.every((method) => method.startsWith('+'))).toBe(true)
  })

  it('says what is missing', () => {
    const { explanation } = attempt({ method: 'post', path: '/orders', claims: { sub: 'alice', scope: 'orders:read' } })
    expect(explanation).toMatchObject({ request: { method: 'POST' }, outcome: 'refused', status: 403 })
    expect(explanation.toPass.join()).toContain('orders:write')
  })

  it("opens what is the caller's own, and says so", () => {
    const { opens } = attempt({ path: '/', claims: { sub: 'alice', scope: 'orders:read profile' } })
    const by = 'scopes orders:read and profile; path.userId = token.sub'
    expect(opens.find(({ path }) => path === '/users/{userId}/orders')?.methods).toEqual([
      { method: 'GET', isOpen: true, by, isOwn: true },
      { method: 'HEAD', isOpen: true, by, isOwn: true },
    ])
    const without = attempt({ path: '/', claims: { scope: 'orders:read profile' } })
    expect(without.methods('/users/{userId}/orders')).toEqual(['-GET', '-HEAD'])
  })

  it('opens what is public to nobody in particular', () => {
    const { explanation, methods } = attempt({ path: '/orders/7' })
    expect(explanation).toMatchObject({ status: 401, outcome: 'refused' })
    expect(methods('/catalog/**')).toEqual(['+GET', '+HEAD'])
    expect(methods('/orders/**')).toEqual(['-GET', '-HEAD', '-POST', '-DELETE'])
  })

  it('judges a token as the gateway would, but for its signature', () => {
    const good = attempt({ path: '/any', token: { header, claims: tokenClaims } })
    expect(good.explanation).toMatchObject({ status: 200, token: { signature: expect.stringMatching(/^not checked/) } })
    for (const [claims, head] of [
      [{ ...tokenClaims, exp: seconds - 3600 }, header],
      [{ ...tokenClaims, aud: 'other' }, header],
      [{ ...tokenClaims, iss: 'https://other.example' }, header],
      [{ ...tokenClaims, typ: 'ID' }, header],
      [tokenClaims, { ...header, alg: 'none' }],
      [tokenClaims, { ...header, alg: 'HS256' }],
      [tokenClaims, { ...header, crit: ['a'] }],
    ] as const) {
      const bad = attempt({ path: '/any', token: { header: head, claims } })
      expect(bad.explanation, JSON.stringify([claims, head])).toMatchObject({ status: 401, outcome: 'refused' })
      expect(bad.methods('/any')?.every((method) => method.startsWith('-'))).toBe(true)
    }
  })

  it.each(['/orders/%2e%2e', '/../a', 'no-slash', '/a b', '//'])(
    'has a path that is judged like any other: %s',
    (path) => {
      expect(attempt({ path }).explanation.outcome).toBe('refused')
    },
  )
})

describe('a caller in the console', () => {
  it('opens routes of its own issuer alone', () => {
    const issuers = { main: { issuer: ISSUER, audience: 'a' }, partner: { issuer: `${ISSUER}-2`, audience: 'a' } }
    const allow = [{ methods: ['POST'], token: 'any' }]
    const routes = [
      { path: '/ours', to: 'up', issuer: 'main', allow },
      { path: '/theirs', to: 'up', issuer: 'partner', allow },
    ]
    const of = policy({ issuers, upstreams: { up: 'http://up' }, routes })
    const trial = { method: 'POST', path: '/theirs', claims: { iss: ISSUER } }
    const { explanation, opens } = tryRequest(of, createSimulation(of), trial, NOW)
    expect(explanation).toMatchObject({ outcome: 'refused', status: 401 })
    expect(opens.map(({ path, methods }) => [path, methods[0]?.isOpen])).toEqual([
      ['/ours', true],
      ['/theirs', false],
    ])
  })
})

describe('readTrial', () => {
  it.each([
    undefined,
    null,
    [],
    {},
    { method: 'GET' },
    { method: 'GET', path: '' },
    { method: 'G T', path: '/' },
    { method: 'GET', path: '/', claims: [] },
    { method: 'GET', path: '/', token: 'eyJ' },
    { method: 'GET', path: '/', token: { header: {}, claims: {}, signature: 's' } },
    { method: 'GET', path: '/', more: 1 },
  ])('takes no %j', (body) => {
    expect(readTrial(body)).toBeUndefined()
  })
})
