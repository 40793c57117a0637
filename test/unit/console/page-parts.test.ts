import { describe, expect, it } from 'vitest'
import type { RequestCount } from '../../../src/console/counters.ts'
import { layerPaths, niceMax } from '../../../src/console/page/chart-paths.ts'
import { formatCount, formatMs, plural } from '../../../src/console/page/format.ts'
import { createSeries } from '../../../src/console/page/series.ts'
import { decodeToken, readClaims } from '../../../src/console/page/token-text.ts'

const allowed = (count: number, route = '/a'): RequestCount => ({
  ...{ route, status: 200, reason: 'allowed', outcome: 'allowed' as const, count },
})
const denied = (count: number, route = '/a'): RequestCount => ({
  ...{ route, status: 403, reason: 'no_line_fits', outcome: 'denied' as const, count },
})

describe('the series of the console', () => {
  it('turns counts into requests per second, whatever the time between two looks', () => {
    const series = createSeries()
    series.add({ atMs: 1000, requests: [allowed(100)] })
    expect(series.points()).toEqual([])
    series.add({ atMs: 2000, requests: [allowed(110), denied(4)] })
    series.add({ atMs: 4000, requests: [allowed(120), denied(4)] })
    expect(series.points()).toEqual([
      { allowed: 10, denied: 4, failed: 0 },
      { allowed: 5, denied: 0, failed: 0 },
    ])
  })

  it('begins anew with a gateway that was started again', () => {
    const series = createSeries()
    series.add({ atMs: 1000, requests: [allowed(100)] })
    series.add({ atMs: 2000, requests: [allowed(3)] })
    expect(series.points()).toEqual([{ allowed: 3, denied: 0, failed: 0 }])
  })

  it('counts a look at the same moment once', () => {
    const series = createSeries()
    series.add({ atMs: 1000, requests: [allowed(1)] })
    series.add({ atMs: 1000, requests: [allowed(1)] })
    expect(series.points()).toEqual([])
  })

  it('sums up the last minute, by route and by reason', () => {
    const series = createSeries()
    series.add({ atMs: 0, requests: [] })
    series.add({ atMs: 1000, requests: [allowed(5), denied(2), denied(7, '/b')] })
    series.add({ atMs: 60_000, requests: [allowed(6), denied(2), denied(7, '/b')] })
    expect(series.ofRoute('/a')).toEqual({ allowed: 6, denied: 2, failed: 0 })
    series.add({ atMs: 61_000, requests: [allowed(6), denied(3), denied(7, '/b')] })
    expect(series.ofRoute('/a')).toEqual({ allowed: 1, denied: 1, failed: 0 })
    expect(series.ofRoute('/b')).toEqual({ allowed: 0, denied: 0, failed: 0 })
    expect(series.recent().find(({ route }) => route === '/b')).toMatchObject({ lastMinute: 0, total: 7 })
  })

  it('keeps no more than the chart shows', () => {
    const series = createSeries()
    for (let second = 0; second < 400; second += 1) series.add({ atMs: second * 1000, requests: [allowed(second)] })
    expect(series.points()).toHaveLength(120)
  })
})

describe('the chart of the console', () => {
  it.each([
    [0, 1],
    [1, 1],
    [1.1, 2],
    [4, 5],
    [6, 10],
    [199, 200],
    [201, 500],
  ])('for %d requests a second it is %d high', (value, expected) => {
    expect(niceMax([{ allowed: value, denied: 0, failed: 0 }])).toBe(expected)
  })

  it('puts the layers on top of each other, newest on the right', () => {
    const points = [
      { allowed: 5, denied: 5, failed: 0 },
      { allowed: 10, denied: 0, failed: 0 },
    ]
    expect(layerPaths(points, 10)).toEqual({
      allowed: 'M713.9,80L720,0L720,160L713.9,160Z',
      denied: 'M713.9,0L720,0L720,0L713.9,80Z',
      failed: '',
    })
  })

  it('draws nothing of less than two seconds', () => {
    expect(layerPaths([{ allowed: 1, denied: 0, failed: 0 }], 1).allowed).toBe('')
  })
})

describe('the numbers of the console', () => {
  it.each([
    [0, '0'],
    [0.42, '0.4'],
    [12.4, '12'],
    [9_999, '9999'],
    [12_345, '12.3k'],
    [3_400_000, '3.4M'],
  ])('%d is %s', (value, text) => {
    expect(formatCount(value)).toBe(text)
  })

  it.each([
    [-5, '0 ms'],
    [850, '850 ms'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [7_200_000, '2 h'],
    [86_400_000, '1 d'],
  ])('%d ms are %s', (ms, text) => {
    expect(formatMs(ms)).toBe(text)
  })

  it('has one route and two routes', () => {
    expect([plural(1, 'route'), plural(2, 'route'), plural(0, 'route')]).toEqual(['1 route', '2 routes', '0 routes'])
  })
})

describe('a token in the console', () => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const header = { alg: 'RS256', kid: 'a' }
  const claims = { sub: 'Zoë ☕', scope: 'orders:read' }
  const token = `${part(header)}.${part(claims)}.c2ln`

  it.each([token, ` ${token}\n`, `Bearer ${token}`, `Authorization: bearer ${token}`])('is decoded: %s', (text) => {
    expect(decodeToken(text)).toEqual({ header, claims })
  })

  it.each(['', 'a.b.c', `${token}.more`, `${part(header)}.${part(claims)}`, `${part(1)}.${part(claims)}.s`, '..'])(
    'is not what it looks like: %s',
    (text) => {
      expect(decodeToken(text)).toBeUndefined()
    },
  )

  it('has claims that are an object', () => {
    expect(readClaims('{"sub":"a"}')).toEqual({ sub: 'a' })
    for (const text of ['', '[]', 'null', '1', '{']) expect(readClaims(text)).toBeUndefined()
  })
})
