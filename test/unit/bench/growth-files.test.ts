import { describe, expect, it } from 'vitest'
import { ALLOW, withLines } from '../../../bench/growth/allow.ts'
import { LIMITER_KEYS } from '../../../bench/growth/limiter-keys.ts'
import { ROUTES, withRoutes } from '../../../bench/growth/routes.ts'
import type { Point } from '../../../bench/growth/section.ts'
import { chooseSections, SECTIONS } from '../../../bench/growth/sections.ts'
import { TOKENS } from '../../../bench/growth/tokens.ts'

const point = (size: number, cpuUs: number, mib = 100): Point => ({ size, values: { cpuUs, mib } })
const keptBy = (section: typeof ROUTES, ...points: Point[]) => section.judge(points).map(({ kept }) => kept)

describe('the growth sections over CPU', () => {
  it.each([
    ['many routes may cost a little', ROUTES, [point(10, 40), point(10_000, 41.9)], [true]],
    ['and no more', ROUTES, [point(10, 40), point(10_000, 42.1)], [false]],
    ['a line of allow may cost a tenth of a microsecond', ALLOW, [point(1, 40), point(100, 49.8)], [true]],
    ['and no more', ALLOW, [point(1, 40), point(100, 50.2)], [false]],
    ['the last token may cost what the first did', TOKENS, [point(50_000, 130), point(1e6, 140, 160)], [true, true]],
    ['neither more time', TOKENS, [point(50_000, 130), point(1e6, 150, 160)], [false, true]],
    ['nor more memory', TOKENS, [point(50_000, 130), point(1e6, 140, 190)], [true, false]],
    [
      'and the cached ones are not compared',
      TOKENS,
      [point(1000, 40), point(50_000, 130), point(1e6, 130)],
      [true, true],
    ],
    ['a new key may cost half as much again', LIMITER_KEYS, [point(1, 40), point(1e6, 59, 400)], [true, true]],
    ['neither more time', LIMITER_KEYS, [point(1, 40), point(1e6, 61, 400)], [false, true]],
    ['nor memory without bound', LIMITER_KEYS, [point(1, 40), point(1e6, 50, 460)], [true, false]],
  ])('%s', (_what, section, points, expected) => {
    expect(keptBy(section, ...points)).toEqual(expected)
  })

  it.each([ROUTES, ALLOW, TOKENS, LIMITER_KEYS])('break a promise that nobody knows to be kept: $id', (section) => {
    const unknown = (size: number): Point => ({ size, values: {} })
    expect(keptBy(section, unknown(20_000), unknown(1e6)).some(Boolean)).toBe(false)
    expect(section.judge([point(1000, 40)])).toEqual([])
  })
})

describe('the files of the growth sections', () => {
  const file = { routes: [{ path: '/orders/**', to: 'orders', allow: [{ methods: ['GET'], scopes: 'orders:read' }] }] }

  it('have as many routes as they say', () => {
    const { routes } = withRoutes(file, 100) as { routes: { path: string }[] }
    expect(new Set(routes.map(({ path }) => path)).size).toBe(100)
    expect(withRoutes(file, 1)).toEqual(file)
  })

  it('have as many lines as they say, of which the last is the one that allows', () => {
    const { routes } = withLines(file, 100) as { routes: [{ allow: { scopes: string }[] }] }
    expect(routes[0].allow).toHaveLength(100)
    expect(routes[0].allow.map(({ scopes }) => scopes).indexOf('orders:read')).toBe(99)
  })
})

describe('chooseSections', () => {
  it('keeps their order, and names what there is', () => {
    expect(chooseSections(['attack', 'routes']).map(({ id }) => id)).toEqual(['routes', 'attack'])
    expect(chooseSections(undefined)).toEqual(SECTIONS)
    expect(() => chooseSections(['router'])).toThrow(/no such section: router; there are routes, allow, /)
  })
})
