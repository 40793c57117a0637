import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type LoopDelay, watchLoopDelay } from '../../../src/http/loop-delay.ts'

describe('watchLoopDelay', () => {
  let nowMs = 0
  let wantsMore = false
  let delays: number[] = []
  let watch: LoopDelay

  beforeEach(() => {
    vi.useFakeTimers()
    delays = []
    wantsMore = false
    watch = watchLoopDelay(
      (delayMs) => {
        delays.push(delayMs)
        return wantsMore
      },
      () => nowMs,
    )
  })
  afterEach(() => {
    watch.close()
    vi.useRealTimers()
  })

  /** A turn of the loop that takes so long; timers run at its end. */
  function turn(ms: number): void {
    nowMs += ms
    vi.advanceTimersByTime(20)
  }

  it('says by how much the loop was late', () => {
    watch.wake()
    turn(20)
    watch.wake()
    turn(320)
    expect(delays).toEqual([0, 300])
  })

  it('does not run while no requests come', () => {
    turn(500)
    expect(delays).toEqual([])
    watch.wake()
    turn(20)
    turn(20)
    // One more tells that nothing has come since.
    expect(delays).toEqual([0, 0])
    turn(500)
    expect(delays).toEqual([0, 0])
    expect(vi.getTimerCount()).toBe(0)
    watch.wake()
    turn(30)
    expect(delays).toEqual([0, 0, 10])
  })

  it('goes on without requests as long as that is wanted', () => {
    wantsMore = true
    watch.wake()
    for (let i = 0; i < 5; i += 1) turn(20)
    expect(delays).toHaveLength(5)
    wantsMore = false
    turn(20)
    turn(20)
    expect(delays).toHaveLength(6)
  })

  it('does not count the time that it slept', () => {
    watch.wake()
    turn(20)
    turn(20)
    nowMs += 10_000
    watch.wake()
    turn(20)
    expect(delays).toEqual([0, 0, 0])
  })

  it('ends when it is closed', () => {
    watch.wake()
    watch.close()
    turn(20)
    expect(delays).toEqual([])
  })
})
