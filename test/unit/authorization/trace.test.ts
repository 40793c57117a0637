import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decide } from '../../../src/authorization/decide.ts'
import type { DecisionTrace } from '../../../src/authorization/trace.ts'
import type { Method, RoutePolicy } from '../../../src/config/gateway-config.ts'
import { holds } from '../../support/cases.ts'
import { line, routeWith } from '../../support/routes.ts'

const trace = (): DecisionTrace => ({ lines: [] })

describe('the trace of a decision', () => {
  it('holds every line and condition, with what was wanted and seen', () => {
    const policy: RoutePolicy = {
      public: { methods: new Set(['HEAD']), reason: 'open' },
      allow: [
        line(['GET'], {
          scopes: { match: 'all', values: ['orders:read'] },
          roles: { match: 'any', values: ['support', 'admin'] },
          claims: [{ match: 'any', values: ['gold', 1], name: 'acr', path: ['acr'] }],
          where: [
            { param: 'userId', claim: ['sub'] },
            { param: 'missing', claim: ['sub'] },
          ],
          because: 'step up',
        }),
        line(['GET', 'POST'], { anyToken: true }),
        line(['DELETE']),
      ],
    }
    const token = { scopes: new Set(['b', 'a']), roles: new Set(['support']), claims: { acr: 'gold', sub: 'u2' } }
    const seen = trace()
    expect(decide(routeWith(policy), 'GET', { userId: 'u1' }, token, seen)).toEqual({ allowed: true, line: 1 })
    expect(seen).toEqual({
      public: { methods: ['HEAD'], reason: 'open', holds: false },
      lines: [
        {
          line: 0,
          methods: ['GET'],
          applies: true,
          holds: false,
          because: 'step up',
          conditions: [
            { kind: 'scopes', name: '', holds: false, match: 'all', wanted: ['orders:read'], seen: ['a', 'b'] },
            { kind: 'roles', name: '', holds: true, match: 'any', wanted: ['support', 'admin'], seen: ['support'] },
            { kind: 'claim', name: 'acr', holds: true, match: 'any', wanted: ['gold', 1], seen: 'gold' },
            { kind: 'where', name: 'userId', holds: false, match: 'any', wanted: ['u1'], seen: 'u2' },
            { kind: 'where', name: 'missing', holds: false, match: 'any', wanted: [], seen: 'u2' },
          ],
        },
        {
          line: 1,
          methods: ['GET', 'POST'],
          applies: true,
          holds: true,
          conditions: [{ kind: 'token', name: '', holds: true, match: 'any', wanted: [], seen: true }],
        },
        {
          line: 2,
          methods: ['DELETE'],
          applies: false,
          holds: false,
          conditions: [{ kind: 'token', name: '', holds: false, match: 'any', wanted: [], seen: true }],
        },
      ],
    })
  })

  it('grants nothing without a token', () => {
    const allow = [line(['GET'], { anyToken: true }), line(['GET'], { scopes: { match: 'any', values: ['a'] } })]
    const seen = trace()
    decide(routeWith({ allow }), 'GET', {}, undefined, seen)
    expect(seen.lines.flatMap(({ holds, conditions }) => [holds, ...conditions.map((it) => it.holds)])).toEqual([
      ...[false, false],
      ...[false, false],
    ])
    expect(seen.public).toBeUndefined()
  })

  const names = fc.constantFrom('a', 'b', 'c')
  const condition = fc.record({
    match: fc.constantFrom('all' as const, 'any' as const),
    values: fc.array(names, { maxLength: 3 }),
  })
  const allowLine = fc
    .record({
      methods: fc.subarray<Method>(['GET', 'POST']),
      scopes: fc.option(condition),
      roles: fc.option(condition),
      claim: fc.option(condition),
      owner: fc.boolean(),
      anyToken: fc.boolean(),
    })
    .map(({ methods, scopes, roles, claim, owner, anyToken }) =>
      line(methods, {
        ...(scopes && { scopes }),
        ...(roles && { roles }),
        claims: claim ? [{ ...claim, name: 'acr', path: ['acr'] }] : [],
        where: owner ? [{ param: 'id', claim: ['sub'] }] : [],
        anyToken,
      }),
    )
  const value = fc.oneof(names, fc.array(names), fc.jsonValue())
  const token = fc
    .record({ scopes: fc.array(names), roles: fc.array(names), acr: value, sub: value })
    .map(({ scopes, roles, acr, sub }) => ({ scopes: new Set(scopes), roles: new Set(roles), claims: { acr, sub } }))

  it('agrees with the decision, and leaves it as it is', () => {
    holds(
      fc.property(fc.array(allowLine, { maxLength: 4 }), token, names, (allow, grants, id) => {
        const route = routeWith({ allow })
        const seen = trace()
        const decision = decide(route, 'GET', { id }, grants, seen)
        expect(decision).toEqual(decide(route, 'GET', { id }, grants))
        for (const { applies, holds, conditions } of seen.lines) {
          expect(holds).toBe(applies && conditions.every((it) => it.holds))
        }
        const first = seen.lines.find(({ holds }) => holds)
        expect(decision.allowed ? decision.line : undefined).toBe(first?.line)
      }),
      { usual: 2000, nightly: 100_000 },
    )
  })

  it('is followed by a scope that does open the route', () => {
    holds(
      fc.property(fc.array(allowLine, { maxLength: 4 }), token, names, (allow, grants, id) => {
        const route = routeWith({ allow })
        const decision = decide(route, 'GET', { id }, grants)
        fc.pre(!decision.allowed)
        const scope = 'scope' in decision ? decision.scope : undefined
        const extended = (scopes: readonly string[]) =>
          decide(route, 'GET', { id }, { ...grants, scopes: new Set([...grants.scopes, ...scopes]) }).allowed
        expect(extended(scope?.split(' ') ?? ['a', 'b', 'c'])).toBe(scope !== undefined)
      }),
      { usual: 2000, nightly: 100_000 },
    )
  })
})
