import { describe, expect, it } from 'vitest'
import { type Decision, decide } from '../../../src/authorization/decide.ts'
import type { AllowLine, Method } from '../../../src/config/gateway-config.ts'
import { all, any, grants, line, routeWith } from '../../support/routes.ts'

const READ: Method[] = ['GET', 'HEAD']

function get(lines: AllowLine[], token = grants(), params: Record<string, string> = {}): Decision {
  return decide(routeWith({ allow: lines }), 'GET', params, token)
}

describe('the conditions of a line', () => {
  it.each([
    ['all', all('a', 'b'), ['a', 'b', 'c'], true],
    ['all', all('a', 'b'), ['a'], false],
    ['all', all('a', 'b'), [], false],
    ['any', any('a', 'b'), ['b'], true],
    ['any', any('a', 'b'), ['c'], false],
    ['an empty all', all<string>(), ['a'], false],
    ['an empty any', any<string>(), ['a'], false],
    ['a name of Object.prototype', all('constructor'), ['a'], false],
    ['a longer name', all('orders:read'), ['orders:read:all', 'orders', 'Orders:Read'], false],
  ])('checks %s the same way for scopes and roles (%j, %j)', (_name, condition, held, expected) => {
    expect(get([line(READ, { scopes: condition })], grants({ scopes: held })).allowed).toBe(expected)
    expect(get([line(READ, { roles: condition })], grants({ roles: held })).allowed).toBe(expected)
    expect(get([line(READ, { scopes: condition })], grants({ roles: held })).allowed).toBe(false)
  })

  const claim = (condition: ReturnType<typeof all<string | number | boolean>>) =>
    line(READ, { claims: [{ ...condition, name: 'acr', path: ['acr'] }] })

  it.each([
    ['gold', 'gold', true],
    ['gold', ['silver', 'gold'], true],
    ['gold', 'gold ', false],
    ['gold', 'Gold', false],
    ['gold', ['golden'], false],
    ['gold', [['gold']], false],
    ['gold', { gold: true }, false],
    ['gold', { toString: 'gold' }, false],
    ['1', 1, false],
    [1, '1', false],
    [1, 1, true],
    [1, [2, 1], true],
    [1, true, false],
    [0, false, false],
    [0, '', false],
    [0, null, false],
    [true, true, true],
    [true, 'true', false],
    [true, 1, false],
    [false, undefined, false],
    [false, null, false],
    [false, false, true],
    ['null', null, false],
    ['undefined', undefined, false],
    ['', [], false],
  ])('wants the claim %j and sees %j: %s', (wanted, seen, expected) => {
    expect(get([claim(all<string | number | boolean>(wanted))], grants({ claims: { acr: seen } })).allowed).toBe(
      expected,
    )
  })

  it.each([
    [all('a', 'b'), ['a', 'b'], true],
    [all('a', 'b'), 'a', false],
    [any('a', 'b'), 'b', true],
    [any('a', 'b'), ['x', 'b'], true],
    [any('a', 'b'), 'c', false],
    [all<string>(), 'a', false],
    [any<string>(), 'a', false],
  ])('wants %j of a claim and sees %j: %s', (condition, seen, expected) => {
    const claims = [{ ...condition, name: 'acr', path: ['acr'] }]
    expect(get([line(READ, { claims })], grants({ claims: { acr: seen } })).allowed).toBe(expected)
  })

  const owner = line(READ, { where: [{ param: 'userId', claim: ['sub'] }] })

  it.each([
    ['u1', 'u1', true],
    ['u1', ['u2', 'u1'], true],
    ['u1', 'u2', false],
    ['u1', 'U1', false],
    ['u1', undefined, false],
    ['7', 7, false],
    ['7', [7], false],
    ['true', true, false],
    ['null', null, false],
    ['[object Object]', {}, false],
    ['u1,u2', ['u1', 'u2'], false],
    ['a@corp.com', 'a@evil.com@corp.com', false],
    ['', '', false],
  ])('compares the path parameter %j with the claim %j: %s', (userId, sub, expected) => {
    expect(get([owner], grants({ claims: { sub } }), { userId }).allowed).toBe(expected)
  })

  it('takes a parameter only from the parameters themselves', () => {
    const inherited = line(READ, { where: [{ param: 'constructor', claim: ['constructor'] }] })
    expect(get([inherited], grants({ claims: { constructor: 'x' } })).allowed).toBe(false)
    expect(get([inherited], grants(), { userId: 'u1' }).allowed).toBe(false)
    expect(get([owner], grants({ claims: { sub: undefined } })).allowed).toBe(false)
  })

  it('takes any token only where that is said', () => {
    expect(get([line(READ, { anyToken: true })]).allowed).toBe(true)
    expect(get([line(READ)]).allowed).toBe(false)
  })

  it('needs every condition of a line', () => {
    const full = line(READ, {
      scopes: all('s'),
      roles: all('r'),
      claims: [{ ...all('gold'), name: 'acr', path: ['acr'] }],
      where: [{ param: 'userId', claim: ['sub'] }],
      anyToken: true,
    })
    for (let bits = 0; bits < 16; bits += 1) {
      const token = grants({
        scopes: bits & 1 ? ['s'] : [],
        roles: bits & 2 ? ['r'] : [],
        claims: { acr: bits & 4 ? 'gold' : 'bronze', sub: bits & 8 ? 'u1' : 'u2' },
      })
      expect(get([full], token, { userId: 'u1' }).allowed, `combination ${bits}`).toBe(bits === 15)
    }
  })

  it('does not add up what different lines demand', () => {
    const lines = [line(READ, { scopes: all('a', 'b') }), line(READ, { scopes: all('c', 'd') })]
    expect(get(lines, grants({ scopes: ['a', 'c'] })).allowed).toBe(false)
  })
})
