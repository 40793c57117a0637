import { describe, expect, it } from 'vitest'
import { measureVerification, STEPS } from '../../../bench/experiments/verification.ts'

describe('the experiment on verification', () => {
  it('verifies good tokens in each of its steps, and has a figure for each', async () => {
    const spreads = await measureVerification({ tokens: 6, rounds: 3, warmUp: 1 })
    expect(spreads).toHaveLength(STEPS.length)
    for (const { median } of spreads) expect(median).toBeGreaterThan(0)
  })
})
