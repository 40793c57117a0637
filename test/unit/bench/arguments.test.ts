import { describe, expect, it } from 'vitest'
import { parseBenchArguments, USAGE } from '../../../bench/arguments.ts'
import { chooseRows, ROWS } from '../../../bench/rows.ts'

describe('the arguments of the bench', () => {
  it('measure and keep everything by default', () => {
    expect(parseBenchArguments([])).toEqual({
      rounds: 9,
      seconds: 2,
      warmUpSeconds: 4,
      connections: 32,
      path: '/orders/',
      build: true,
      save: true,
      install: false,
      start: false,
      growth: false,
      smoke: false,
    })
  })

  it.each([[['--rows', 'gateway,haproxy']], [['--smoke']], [['--compare', '../other']]])(
    'keep nothing of a part: %j',
    (args) => {
      expect(parseBenchArguments(args).save).toBe(false)
    },
  )

  it('make a smoke test as short as it can be', () => {
    expect(parseBenchArguments(['--smoke'])).toMatchObject({ rounds: 1, seconds: 1, warmUpSeconds: 0 })
  })

  it.each([['--rounds', '0'], ['--seconds', '0.2'], ['--connections', 'many'], ['--warm-up', '1s'], ['--bogus']])(
    'are refused: %s %s',
    (...args) => {
      expect(() => parseBenchArguments(args)).toThrow(args[0])
    },
  )

  it('are all in the usage', () => {
    const options = [...USAGE.matchAll(/^ {2}--([\w-]+)/gm)].map(([, name]) => name)
    expect(options).toEqual([
      ...['rows', 'rounds', 'seconds', 'warm-up', 'connections', 'path', 'compare', 'start'],
      ...['growth', 'sections', 'no-build', 'smoke', 'install'],
    ])
  })
})

describe('chooseRows', () => {
  it('keeps the order of the table', () => {
    expect(chooseRows(ROWS, ['haproxy', 'gateway', 'byte-pump']).map(({ id }) => id)).toEqual([
      ...['byte-pump', 'gateway', 'haproxy'],
    ])
    expect(chooseRows(ROWS, undefined)).toEqual(ROWS)
  })

  it('names what there is when a row does not exist', () => {
    expect(() => chooseRows(ROWS, ['gatewai'])).toThrow(/no such row: gatewai; there are .*\bgateway\b/)
  })
})

describe('the rows', () => {
  it('have names of their own', () => {
    expect(new Set(ROWS.map(({ id }) => id)).size).toBe(ROWS.length)
    expect(new Set(ROWS.map(({ title }) => title)).size).toBeGreaterThan(ROWS.length - 3)
  })

  it('make every check in all gateways that are compared with ours', () => {
    for (const row of ROWS.filter(({ group }) => group === 'other')) {
      expect([row.id, row.checks]).toEqual([row.id, ROWS.find(({ id }) => id === 'gateway')?.checks])
    }
  })
})
