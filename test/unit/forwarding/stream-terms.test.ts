import { describe, expect, it } from 'vitest'
import { isEventStream, whenOver } from '../../../src/forwarding/stream-terms.ts'
import { createTestClock } from '../../support/clock.ts'

function watch(leftMs: number) {
  const clock = createTestClock()
  const startMs = clock.now()
  const ranAt: number[] = []
  const terms = { endsAtMs: startMs + leftMs, clock, subprotocol: undefined }
  const stop = whenOver(terms, () => void ranAt.push(clock.now() - startMs))
  return { clock, ranAt, stop }
}

describe('whenOver', () => {
  it.each([1, 59_999, 60_000, 60_001, 3_600_000, 2 ** 31 + 5])('runs once, in %i ms and not before', (leftMs) => {
    const { clock, ranAt } = watch(leftMs)
    clock.advance(leftMs - 1)
    expect(ranAt).toEqual([])
    clock.advance(10)
    expect(ranAt).toEqual([leftMs])
    expect(clock.pending).toBe(0)
  })

  it('runs soon when it is over already, and never at once', () => {
    const { clock, ranAt } = watch(-5)
    expect(ranAt).toEqual([])
    clock.advance(0)
    expect(ranAt).toEqual([0])
  })

  it('notices within a minute that the clock was set forward, and waits on when it was set back', () => {
    const { clock, ranAt } = watch(3_600_000)
    clock.set(clock.now() + 7_200_000)
    clock.advance(60_000)
    expect(ranAt).toHaveLength(1)
    const other = watch(30_000)
    other.clock.set(other.clock.now() - 20_000)
    other.clock.advance(49_999)
    expect(other.ranAt).toEqual([])
    other.clock.advance(1)
    expect(other.ranAt).toEqual([30_000])
  })

  it('does not run when it was stopped, however long it has waited', () => {
    const { clock, ranAt, stop } = watch(3_600_000)
    clock.advance(1_800_000)
    stop()
    clock.advance(3_600_000)
    expect([ranAt, clock.pending]).toEqual([[], 0])
  })
})

describe('isEventStream', () => {
  it.each([
    [['Content-Type', 'text/event-stream'], true],
    [['A', 'b', 'content-type', 'Text/Event-Stream ; charset=utf-8'], true],
    [['Content-Type', 'text/event-streams'], false],
    [['X', 'text/event-stream'], false],
    [[], false],
  ])('says of %j: %s', (fields, isOne) => {
    expect(isEventStream(fields)).toBe(isOne)
  })
})
