import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../../src/authentication/clock.ts'

describe('systemClock', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('runs what was scheduled once, unless it was called off', () => {
    const run = vi.fn()
    systemClock.schedule(run, 1000)
    const cancel = systemClock.schedule(run, 1000)
    cancel()
    vi.advanceTimersByTime(5000)
    expect(run).toHaveBeenCalledTimes(1)
  })

  it('does not run at once what is due in a year, as setTimeout would', () => {
    const set = vi.spyOn(globalThis, 'setTimeout')
    systemClock.schedule(() => {}, 366 * 86_400_000)()
    expect(set).toHaveBeenCalledWith(expect.any(Function), 2 ** 31 - 1)
  })
})
