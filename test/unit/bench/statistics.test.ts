import { describe, expect, it } from 'vitest'
import { median, orderOf, spread } from '../../../bench/statistics.ts'

describe('median', () => {
  it.each([
    [[3], 3],
    [[9, 1, 5], 5],
    [[10, 2, 9, 1], 5.5],
    [[], Number.NaN],
  ])('of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected)
  })

  it('leaves the order of its argument alone', () => {
    const values = [3, 1, 2]
    median(values)
    expect(values).toEqual([3, 1, 2])
  })
})

describe('spread', () => {
  it('is median, least and most', () => {
    expect(spread([4, 2, 100])).toEqual({ median: 4, min: 2, max: 100 })
  })
})

describe('orderOf', () => {
  it('turns and reverses the order from round to round', () => {
    const rounds = [0, 1, 2, 3].map((round) => orderOf(['a', 'b', 'c'], round).join(''))
    expect(rounds).toEqual(['abc', 'acb', 'cab', 'cba'])
  })

  it('is empty for nothing', () => {
    expect(orderOf([], 5)).toEqual([])
  })
})
