import { describe, expect, it } from 'vitest'
import { signText } from '../support/tokens.ts'
import { askWith, claims, expectInvalid, key, nowSeconds, target, useTokenTarget } from './token-target.ts'

useTokenTarget()

/** JSON of every type, and the odd ones of each. */
const VALUES = [
  ...['null', 'true', 'false', '0', '-0', '-1', '1.5', '1e400', '-1e400', '1e-400', '123456789012345678901234567890'],
  ...['""', '" "', '"x"', '"9999999999"', '"Bearer "', '"\\u0000"', '"\\ud800"'],
  ...['[]', '[null]', '["x"]', '[[]]', '{}', '{"a":1}', '{"__proto__":"x"}', '{"toString":1}'],
]
const CHECKED = ['iss', 'aud', 'exp', 'nbf', 'iat', 'sub', 'azp', 'client_id', 'typ', 'cnf', 'events']
/** Claims that may be any text, and times long ago of what only must not lie in the future. */
const GOOD: ReadonlySet<string> = new Set([
  ...['sub', 'azp', 'client_id'].flatMap((name) =>
    ['" "', '"x"', '"9999999999"', '"Bearer "', '"\\u0000"'].map((json) => `${name} ${json}`),
  ),
  ...['0', '-0', '-1', '1.5', '1e-400'].map((json) => `nbf ${json}`),
])

/** A signed token whose claim `name` is written as `json`. */
const withClaim = (name: string, json: string) => {
  const { [name]: _gone, ...others } = claims()
  return withPayload(`{${JSON.stringify(name)}:${json},${JSON.stringify(others).slice(1)}`)
}
const withPayload = (payload: string) =>
  signText(JSON.stringify({ alg: 'RS256', typ: 'JWT', kid: key.kid }), payload, key)

describe('claims that are checked, as JSON of every type', () => {
  it.each(CHECKED)('%s', async (name) => {
    const statuses = new Map<string, number>()
    for (const json of VALUES) {
      target.upstream.clear()
      const answer = await askWith(await withClaim(name, json))
      if (answer.status === 401) expectInvalid(answer)
      statuses.set(`${name} ${json}`, answer.status)
    }
    const expected = VALUES.map((json) => `${name} ${json}`).map((it) => [it, GOOD.has(it) ? 200 : 401])
    expect([...statuses]).toEqual(expected)
  })

  it('takes a NumericDate with a fraction, and lets none reach further than the skew', async () => {
    const status = async (name: string, json: string | number) =>
      (await askWith(await withClaim(name, String(json)))).status
    expect(await status('exp', `${nowSeconds() + 60}.999999999`)).toBe(200)
    expect(await status('exp', `${(nowSeconds() + 60) / 1e9}e9`)).toBe(200)
    expect(await status('exp', nowSeconds() - 31.5)).toBe(401)
    expect(await status('nbf', nowSeconds() + 60.5)).toBe(401)
    expect(await status('iat', nowSeconds() + 60.5)).toBe(401)
  })

  it('finds the audience in a long list, and no other in it', async () => {
    const list = (...more: string[]) =>
      JSON.stringify([...Array.from({ length: 1000 }, (_, index) => `a${index}`), ...more])
    expect((await askWith(await withClaim('aud', list('shop-api')))).status).toBe(200)
    target.upstream.clear()
    expectInvalid(await askWith(await withClaim('aud', list())))
    expectInvalid(await askWith(await withClaim('aud', list('shop-api').replace('"a500"', '500'))))
  })
})

describe('claims that grant, as JSON of every type', () => {
  it.each(['scope', 'scp', 'realm_access', 'resource_access', 'roles', 'groups'])(
    'grants nothing, and fails nothing, for %s',
    async (name) => {
      for (const json of [
        ...VALUES,
        '["admin "]',
        '[["admin"]]',
        '{"roles":"admin"}',
        '{"roles":[["admin"]]}',
        '"ADMIN"',
      ]) {
        target.upstream.clear()
        const token = await withClaim(name, json)
        expect([json, (await askWith(token, '/admin/1')).status]).toEqual([json, 403])
        expect(target.upstream.text()).toBe('')
        expect([json, (await askWith(token)).status]).toEqual([json, 200])
      }
    },
  )
})

describe('names of Object.prototype, and nesting', () => {
  it('takes no claim from __proto__, constructor or prototype', async () => {
    const body = JSON.stringify(claims())
    for (const name of ['__proto__', 'constructor', 'prototype']) {
      expectInvalid(await askWith(await withPayload(`{"${name}":${body}}`)))
      const { exp: _exp, ...others } = claims()
      expectInvalid(
        await askWith(await withPayload(`{"${name}":{"exp":9999999999},${JSON.stringify(others).slice(1)}`)),
      )
      const admin = `{"${name}":{"scope":"admin","realm_access":{"roles":["admin"]}},${body.slice(1)}`
      expect((await askWith(await withPayload(admin), '/admin/1')).status).toBe(403)
      const roles = `{"realm_access":{"${name}":{"roles":["admin"]}},"scope":"x",${JSON.stringify(withoutGrants()).slice(1)}`
      expect((await askWith(await withPayload(roles), '/admin/1')).status).toBe(403)
    }
    expect(target.upstream.text()).toBe('')
  })

  it.each([63, 64, 65, 500, 3000])('answers at once to a claim that nests %i deep', async (depth) => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      target.upstream.clear()
      const inner = open === '[' ? '' : '1'
      const answer = await askWith(await withClaim('x', open.repeat(depth) + inner + close.repeat(depth)))
      // One level is the payload itself.
      expect(answer.status).toBe(depth < 64 ? 200 : answer.text.includes(' 431 ') ? 431 : 401)
    }
  })
})

const withoutGrants = () => claims({ realm_access: undefined, resource_access: undefined, scope: undefined })
