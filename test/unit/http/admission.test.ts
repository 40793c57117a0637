import { describe, expect, it } from 'vitest'
import { Admission } from '../../../src/http/admission.ts'

const TARGET_MS = 100
const SAMPLE_MS = 50

/** An admission with so many in flight, and a way to note one delay again and again. */
function create({ most = 1000, inFlight = 0 } = {}) {
  const admission = new Admission({ inFlight: most, loopDelayMs: TARGET_MS })
  let nowMs = 0
  for (let i = 0; i < inFlight; i += 1) admission.admit()
  return {
    admission,
    bound: () => admission.status().bound,
    note(delayMs: number, samples = 1) {
      for (let i = 0; i < samples; i += 1) {
        admission.noteDelay(delayMs, nowMs)
        nowMs += SAMPLE_MS
      }
    },
  }
}

/** Samples until a lag has lasted for the interval of 500 ms, but for the last one. */
const ALMOST = 10

describe('the requests in flight', () => {
  it('are no more than the file allows, and one that leaves makes room for one', () => {
    const { admission } = create({ most: 2 })
    expect(admission.admit()).toBeUndefined()
    expect(admission.admit()).toBeUndefined()
    expect(admission.admit()).toMatchObject({ code: 'overloaded', reason: 'in_flight' })
    expect(admission.admit()).toMatchObject({ code: 'overloaded', reason: 'in_flight' })
    admission.release()
    expect(admission.admit()).toBeUndefined()
    expect(admission.admit()).toMatchObject({ code: 'overloaded', reason: 'in_flight' })
    expect(admission.status()).toEqual({ inFlight: 2, bound: 2 })
  })
})

describe('the bound of the requests in flight, while the event loop lags', () => {
  it('stays as it is until the lag has lasted for half a second', () => {
    const { note, bound } = create({ inFlight: 400 })
    note(10 * TARGET_MS, ALMOST)
    expect(bound()).toBe(1000)
    note(10 * TARGET_MS)
    expect(bound()).toBe(200)
  })

  it('does not fall for lags between which the loop is fast, however long they are', () => {
    const { note, bound } = create({ inFlight: 400 })
    for (let i = 0; i < 10; i += 1) {
      note(20 * TARGET_MS, ALMOST)
      note(TARGET_MS)
    }
    expect(bound()).toBe(1000)
  })

  it('is to be looked after until a lag is over, so that two lags far apart are not taken for one', () => {
    const { admission, note } = create()
    expect(admission.isAtRest).toBe(true)
    note(2 * TARGET_MS)
    expect(admission.isAtRest).toBe(false)
    note(TARGET_MS)
    expect(admission.isAtRest).toBe(true)
  })

  it('falls to what fits into the target, of what was in flight at most', () => {
    const { admission, note, bound } = create({ inFlight: 500 })
    note(TARGET_MS / 0.8, ALMOST)
    for (let i = 0; i < 400; i += 1) admission.release()
    note(TARGET_MS / 0.8)
    expect(bound()).toBe(400)
  })

  it.each([
    ['to the half in one step at most', 100, 250],
    ['by a twentieth at least', 1.001, 475],
  ])('falls %s', (_, factor, expected) => {
    const { note, bound } = create({ inFlight: 500 })
    note(factor * TARGET_MS, ALMOST + 1)
    expect(bound()).toBe(expected)
  })

  it('falls on while the lag lasts, and not below 64', () => {
    const { note, bound } = create({ inFlight: 500 })
    note(10 * TARGET_MS, ALMOST + 2)
    expect(bound()).toBe(125)
    note(10 * TARGET_MS, 100)
    expect(bound()).toBe(64)
  })

  it('does not rise to 64 where the file allows fewer', () => {
    const { note, bound } = create({ most: 10, inFlight: 10 })
    note(10 * TARGET_MS, 100)
    expect(bound()).toBe(10)
  })

  it('refuses with the lag as the reason', () => {
    const { admission, note } = create({ inFlight: 500 })
    note(10 * TARGET_MS, ALMOST + 1)
    expect(admission.admit()).toMatchObject({ code: 'overloaded', reason: 'loop_delay' })
  })

  it('rises within two seconds to what the file allows when the loop is fast again', () => {
    const { admission, note, bound } = create({ most: 10_000, inFlight: 64 })
    note(10 * TARGET_MS, 100)
    expect(bound()).toBe(64)
    expect(admission.isAtRest).toBe(false)
    note(TARGET_MS / 2 - 1, 2000 / SAMPLE_MS)
    expect(bound()).toBe(10_000)
    expect(admission.isAtRest).toBe(true)
  })

  it('keeps still between half of the target and the target', () => {
    const { note, bound } = create({ inFlight: 500 })
    note(2 * TARGET_MS, ALMOST + 1)
    note(TARGET_MS, 100)
    note(TARGET_MS / 2, 100)
    expect(bound()).toBe(250)
  })
})
