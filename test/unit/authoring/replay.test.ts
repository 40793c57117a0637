import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createReplay } from '../../../src/authoring/replay.ts'
import type { GatewayConfig } from '../../../src/config/gateway-config.ts'
import { holds } from '../../support/cases.ts'
import { policy } from '../../support/policy-file.ts'
import { sha256 } from '../../support/sha256.ts'
import { type Asked, recordOf, simulate } from './recorded.ts'

type Line = Readonly<Record<string, unknown>>

const shapes = ['/', '/a', '/{x}', '/a/{x}', '/{x}/b', '/a/**', '/b/~c', '/**']
const names = fc.constantFrom('s', 't')
const condition = fc.oneof(
  names.map((name) => ({ scopes: name })),
  fc.constant({ scopes: { all: ['s', 't'] } }),
  names.map((name) => ({ roles: name })),
  fc.constantFrom('a', 'u', 5, true).map((value) => ({ claims: { tenant: value } })),
  fc.constantFrom('b', '5').map((value) => ({ claims: { 'org.unit': value } })),
)
const line = fc.record({
  methods: fc.constantFrom(['GET'], ['GET', 'POST']),
  conditions: fc.array(condition, { minLength: 1, maxLength: 2 }),
})
const owner = fc.constantFrom('token.sub', 'token.tenant', undefined)

const file = fc
  .array(
    fc.record({
      path: fc.constantFrom(...shapes),
      lines: fc.array(line, { minLength: 1, maxLength: 2 }),
      owner,
      open: fc.boolean(),
    }),
    {
      ...{ minLength: 1, maxLength: 5 },
    },
  )
  .map((routes) =>
    policy({
      routes: [...new Map(routes.map((route) => [route.path, route])).values()].map(
        ({ path, lines, owner: of, open }) => ({
          ...{ path, to: 'orders' },
          ...(open ? { public: 'x', methods: ['HEAD'] } : {}),
          allow: lines.map(
            ({ methods, conditions }): Line => ({
              ...Object.assign(
                { methods: open ? ['GET', 'POST'].filter((m) => m === 'POST') : methods },
                ...conditions,
              ),
              ...(of !== undefined && path.includes('{x}') ? { where: { 'path.x': of } } : {}),
            }),
          ),
        }),
      ),
    }),
  )

const word = fc.constantFrom('a', 'b', '~c', 'u', '5')
const claims = fc.record(
  {
    sub: word,
    scope: fc.constantFrom('', 's', 's t'),
    realm_access: names.map((role) => ({ roles: [role] })),
    tenant: fc.oneof(word, fc.constantFrom<unknown>(5, true, null, ['u', 5, {}], {})),
    org: fc.record({ unit: word }),
  },
  { requiredKeys: [] },
)
const asked: fc.Arbitrary<Asked> = fc
  .record({
    method: fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE'),
    path: fc.array(word, { maxLength: 3 }).map((words) => `/${words.join('/')}`),
    claims: fc.option(claims, { nil: undefined }),
  })
  .map(({ claims: given, ...rest }) => ({ ...rest, ...(given && { claims: given }) }))

const verdictOf = (config: GatewayConfig, request: Asked) => {
  const { outcome, match, answer } = simulate(config, request)
  const route = match?.route.path
  return outcome === 'forwarded' ? { outcome: 'allowed', route } : { outcome: 'denied', route, status: answer.status }
}
const replayed = (config: GatewayConfig, record: ReturnType<typeof recordOf>) => {
  const { route, ...rest } = createReplay(config, sha256, 0)(record)
  return { ...rest, route: route?.path }
}

describe('a recorded decision, made again', () => {
  it('comes out as it did, by the file that made it', () => {
    holds(
      fc.property(file, asked, (config, request) => {
        expect(replayed(config, recordOf(config, request))).toMatchObject(verdictOf(config, request))
      }),
    )
  })

  it('comes out by another file as the request itself would, or is unknown for a claim that is not there', () => {
    holds(
      fc.property(file, file, asked, (before, after, request) => {
        const { outcome, ...rest } = replayed(after, recordOf(before, request))
        if (outcome !== 'unknown') expect({ outcome, ...rest }).toMatchObject(verdictOf(after, request))
        else if (request.claims !== undefined)
          expect(rest).toMatchObject({ why: expect.stringMatching(/was not (recorded|read)/) })
      }),
    )
  })
})

describe('what is not known of a recorded decision', () => {
  const allow = (...lines: Line[]) => policy({ routes: [{ path: '/a/{x}', to: 'orders', allow: lines }] })
  const request = { method: 'GET', path: '/a/7', claims: { sub: 'u', azp: 'spa', scope: 's', tenant: 'acme' } }
  const get = { methods: ['GET'] }

  it('is what depends on a claim that no condition named', () => {
    const record = recordOf(allow({ ...get, scopes: 's' }), request)
    const replay = (...lines: Line[]) => replayed(allow(...lines), record)
    const why = 'the claim tenant was not recorded'
    expect(replay({ ...get, claims: { tenant: 'acme' } })).toEqual({ outcome: 'unknown', route: '/a/{x}', why })
    expect(replay({ ...get, where: { 'path.x': 'token.tenant' } })).toMatchObject({ why })
    // It does not depend on the claim.
    expect(replay({ ...get, scopes: 't', claims: { tenant: 'acme' } })).toMatchObject({
      outcome: 'denied',
      status: 403,
    })
    expect(replay({ methods: ['POST'], claims: { tenant: 'acme' } })).toMatchObject({ outcome: 'denied', status: 405 })
    expect(replay({ ...get, claims: { tenant: 'acme' } }, { ...get, token: 'any' })).toMatchObject({
      outcome: 'allowed',
    })
  })

  it('is whose token came to a public route', () => {
    const open = policy({ routes: [{ path: '/a/{x}', to: 'orders', methods: ['GET'], public: 'x' }] })
    const closed = allow({ ...get, scopes: 's' })
    expect(replayed(closed, recordOf(open, request))).toMatchObject({ outcome: 'unknown' })
    expect(replayed(closed, recordOf(open, { method: 'GET', path: '/a/7' }))).toMatchObject({ status: 401 })
  })

  it('is what a token counts for by other settings of its issuer', () => {
    const issuer = { issuer: 'https://id.example/realms/shop', audience: 'shop-api' }
    const main = (change: Line, name = 'main') =>
      policy({
        issuers: { [name]: { ...issuer, ...change } },
        routes: [{ path: '/a/{x}', to: 'orders', allow: [{ ...get, scopes: 's' }] }],
      })
    const record = recordOf(main({}), request)
    expect(replayed(main({ keys: { timeout: '1s' } }, 'renamed'), record)).toMatchObject({ outcome: 'allowed' })
    for (const change of [
      { audience: 'b' },
      { roles: 'groups' },
      { maxTokenAge: '1h' },
      { issuer: 'https://b.example' },
    ]) {
      expect(replayed(main(change), record)).toMatchObject({ outcome: 'unknown' })
    }
    const refused = recordOf(main({}), { ...request, claims: { ...request.claims, exp: 1 } })
    expect(refused).toMatchObject({ caller: 'refused', status: 401 })
    expect(replayed(main({}), refused)).toMatchObject({ outcome: 'denied', status: 401 })
    expect(replayed(main({ maxTokenAge: '1h' }), refused)).toMatchObject({ outcome: 'unknown' })
  })
})

describe('what is only reported', () => {
  const allow = [{ methods: ['GET'], scopes: 's' }]
  const route = { path: '/a', to: 'orders', mode: 'report', until: '2026-06-30', allow }
  const config = policy({ routes: [route] })
  const [held, bare] = ['s', ''].map((scope) => recordOf(config, { method: 'GET', path: '/a', claims: { scope } }))

  it('lets through for now, and names its line beside the one that does', () => {
    const replay = createReplay(config, sha256, 0)
    expect(held && replay(held)).toMatchObject({
      outcome: 'allowed',
      lines: [{ anyToken: false }, { anyToken: false }],
    })
    expect(bare && replay(bare)).toMatchObject({ outcome: 'allowed', lines: [{ anyToken: true }] })
  })

  it('denies once its time is up', () => {
    const replay = createReplay(config, sha256, Date.UTC(2026, 6, 1))
    expect(held && replay(held)).toMatchObject({ outcome: 'allowed', line: 0 })
    expect(bare && replay(bare)).toMatchObject({ outcome: 'denied', status: 403 })
  })
})
