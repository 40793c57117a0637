import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Verdict, WindowSpec } from '../../../src/rate-limiting/rate-limiter.ts'
import { createSlidingWindow, giveBackUnit, takeUnit, toGrainMs } from '../../../src/rate-limiting/sliding-window.ts'
import { holds } from '../../support/cases.ts'
import { type Step, scenario, windowSpec } from './window-scenarios.ts'

/** The same promise written as plainly as can be: a list of units, each in its cell. */
function createPlainModel(spec: WindowSpec) {
  const grain = toGrainMs(spec)
  let units: number[] = []
  const newest = new Map<number, number>()

  const leavesAt = (cell: number) => (newest.get(cell) ?? 0) + spec.windowMs
  return {
    take(nowMs: number): Verdict {
      units = units.filter((cell) => leavesAt(cell) > nowMs)
      if (units.length >= spec.limit) {
        const leaving = units[units.length - spec.limit] ?? 0
        return { allowed: false, remaining: 0, resetMs: leavesAt(leaving) - nowMs, slice: 0 }
      }
      const cell = Math.floor(nowMs / grain) * grain
      units.push(cell)
      newest.set(cell, nowMs)
      const resetMs = leavesAt(units[0] ?? 0) - nowMs
      return { allowed: true, remaining: spec.limit - units.length, resetMs, slice: cell }
    },
    giveBack(cell: number) {
      const index = units.lastIndexOf(cell)
      if (index >= 0) units.splice(index, 1)
    },
  }
}

/** Runs the steps and calls `each` with every verdict; a refund picks one of the units taken so far. */
function run(steps: readonly Step[], each: (verdict: Verdict, nowMs: number) => void, at: Window) {
  let nowMs = 1_800_000_000_000
  const taken: { slice: number; nowMs: number }[] = []
  for (const step of steps) {
    nowMs += step.waitMs
    for (let i = 0; i < step.burst; i++) {
      const verdict = at.take(nowMs)
      if (verdict.allowed) taken.push({ slice: verdict.slice, nowMs })
      each(verdict, nowMs)
    }
    if (step.refund === undefined || taken.length === 0) continue
    const [unit] = taken.splice(step.refund % taken.length, 1)
    if (unit !== undefined) at.giveBack(unit)
  }
}

interface Window {
  take(nowMs: number): Verdict
  giveBack(unit: { slice: number; nowMs: number }): void
}

function createWindow(spec: WindowSpec): Window {
  const window = createSlidingWindow()
  return {
    take: (nowMs) => takeUnit(window, spec, nowMs),
    giveBack: ({ slice }) => giveBackUnit(window, spec, slice),
  }
}

describe('sliding window', () => {
  it('agrees with a plain model on every verdict', () => {
    holds(
      fc.property(windowSpec, scenario, (spec, steps) => {
        const window = createWindow(spec)
        const model = createPlainModel(spec)
        const both: Window = {
          take(nowMs) {
            const verdict = window.take(nowMs)
            expect(verdict).toEqual(model.take(nowMs))
            return verdict
          },
          giveBack(unit) {
            window.giveBack(unit)
            model.giveBack(unit.slice)
          },
        }
        run(steps, () => {}, both)
      }),
      { usual: 3000, nightly: 20_000 },
    )
  })

  it('never holds more than the limit in any true window, and denies for one grain too long at most', () => {
    holds(
      fc.property(windowSpec, scenario, (spec, steps) => {
        const window = createWindow(spec)
        const times: number[] = []
        const within = (nowMs: number, ms: number) => times.filter((time) => time > nowMs - ms).length
        run(
          steps,
          ({ allowed }, nowMs) => {
            if (allowed) times.push(nowMs)
            if (allowed) expect(within(nowMs, spec.windowMs)).toBeLessThanOrEqual(spec.limit)
            else expect(within(nowMs, spec.windowMs + toGrainMs(spec) - 1)).toBeGreaterThanOrEqual(spec.limit)
          },
          // Whether a refund shortens a denial is the model's business; here units stay.
          { take: window.take, giveBack: () => {} },
        )
      }),
      { usual: 2000, nightly: 20_000 },
    )
  })

  it('tells the retry time to the millisecond', () => {
    holds(
      fc.property(windowSpec, scenario, (spec, steps) => {
        const window = createWindow(spec)
        let last: { verdict: Verdict; nowMs: number } | undefined
        run(
          steps,
          (verdict, nowMs) => {
            last = { verdict, nowMs }
          },
          {
            take: window.take,
            giveBack(unit) {
              window.giveBack(unit)
              last = undefined
            },
          },
        )
        if (last === undefined || last.verdict.allowed) return
        const { verdict, nowMs } = last
        expect(verdict.resetMs).toBeGreaterThan(0)
        expect(verdict.resetMs).toBeLessThanOrEqual(spec.windowMs)
        expect(window.take(nowMs + verdict.resetMs - 1).allowed).toBe(false)
        expect(window.take(nowMs + verdict.resetMs).allowed).toBe(true)
      }),
      { usual: 2000, nightly: 20_000 },
    )
  })

  it('opens no window when its clock is set back, and is free again one window later', () => {
    holds(
      fc.property(windowSpec, scenario, fc.array(fc.nat(5_000_000)), (spec, steps, setBacks) => {
        const window = createSlidingWindow()
        const times: number[] = []
        let realMs = 1_800_000_000_000
        let behindMs = 0
        const take = () => {
          const { allowed } = takeUnit(window, spec, realMs - behindMs)
          if (allowed) times.push(realMs)
          return allowed
        }
        for (const [i, step] of steps.entries()) {
          realMs += step.waitMs
          behindMs += setBacks[i] ?? 0
          for (let n = 0; n < step.burst; n++) take()
          expect(times.filter((time) => time > realMs - spec.windowMs).length).toBeLessThanOrEqual(spec.limit)
        }
        take()
        realMs += spec.windowMs
        expect(take()).toBe(true)
      }),
      { usual: 1000, nightly: 20_000 },
    )
  })

  it('keeps at most 65 slices', () => {
    const spec = { limit: 100_000, windowMs: 60_000 }
    const window = createSlidingWindow()
    for (let nowMs = 0; nowMs < 300_000; nowMs += 7) {
      takeUnit(window, spec, nowMs)
      expect(window.slices.length / 2).toBeLessThanOrEqual(65)
    }
  })

  it.each([
    [1, 60_000, 1],
    [64, 60_000, 1],
    [65, 60_000, 938],
    [1_000_000_000, 1000, 16],
  ])('has, for %d in %d ms, a grain of %d ms', (limit, windowMs, grain) => {
    expect(toGrainMs({ limit, windowMs })).toBe(grain)
  })
})
