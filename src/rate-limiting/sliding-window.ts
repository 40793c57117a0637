/**
 * An exact sliding window: never more than `limit` units in any window of `windowMs`. Pure arithmetic, the same as
 * `sliding-window.lua`; a property test holds the two together.
 *
 * Units are kept in slices, one for each cell of `grainMs` on the clock. A slice counts as a whole until its newest
 * unit is `windowMs` old: so a limit of up to 64 is exact to the millisecond, and above that a denial may last 1/64 of
 * the window too long, never too short. Slices remember times, not cells: limit, window and grain may change on a live window.
 */
import type { Verdict, WindowSpec } from './rate-limiter.ts'

export interface SlidingWindow {
  /** Sum of the units in all slices. */
  units: number
  /** Flat, oldest first: ms of the newest unit in the slice, units in the slice. */
  slices: number[]
}

const MAX_SLICES = 64

export function createSlidingWindow(): SlidingWindow {
  return { units: 0, slices: [] }
}

/** Length of a slice's cell, in ms. */
export function toGrainMs({ limit, windowMs }: WindowSpec): number {
  return limit <= MAX_SLICES ? 1 : Math.ceil(windowMs / MAX_SLICES)
}

/** Takes one unit at `nowMs` (an integer) if it fits; a denied check changes nothing. `resetMs` is at most `windowMs`. */
export function takeUnit(window: SlidingWindow, spec: WindowSpec, nowMs: number): Verdict {
  const { slices } = window
  const grain = toGrainMs(spec)
  const start = nowMs - (nowMs % grain)
  if (at(slices, slices.length - 2) > nowMs) mergeFuture(slices, nowMs, start)

  let expired = 0
  let units = window.units
  for (; expired < slices.length && at(slices, expired) <= nowMs - spec.windowMs; expired += 2) {
    units -= at(slices, expired + 1)
  }
  if (units >= spec.limit) {
    const resetMs = freeInMs(slices, expired, units + 1 - spec.limit, spec.windowMs, nowMs)
    return { allowed: false, remaining: 0, resetMs, slice: 0 }
  }

  if (expired > 0) slices.splice(0, expired)
  const newest = slices.length - 2
  if (at(slices, newest) >= start) {
    slices[newest] = nowMs
    slices[newest + 1] = at(slices, newest + 1) + 1
  } else if (slices.length === 0) {
    // A literal has room for itself alone, where `push` makes room for sixteen more: half the memory of a flood of keys.
    window.slices = [nowMs, 1]
  } else {
    slices.push(nowMs, 1)
  }
  window.units = units + 1
  const resetMs = freeInMs(window.slices, 0, 1, spec.windowMs, nowMs)
  return { allowed: true, remaining: spec.limit - window.units, resetMs, slice: start }
}

/** Gives one unit back to the slice that took it; a slice that is gone or unknown changes nothing. */
export function giveBackUnit(window: SlidingWindow, spec: WindowSpec, slice: number): void {
  const { slices } = window
  const grain = toGrainMs(spec)
  for (let i = slices.length - 2; i >= 0; i -= 2) {
    const last = at(slices, i)
    if (last - (last % grain) !== slice) continue
    window.units--
    const left = at(slices, i + 1) - 1
    if (left > 0) slices[i + 1] = left
    else slices.splice(i, 2)
    return
  }
}

/** The clock was set back: what it calls the future happened by now. Strict, and it ends a window later at the latest. */
function mergeFuture(slices: number[], nowMs: number, start: number): void {
  let units = 0
  while (at(slices, slices.length - 2) >= start) {
    units += slices.pop() as number
    slices.pop()
  }
  slices.push(nowMs, units)
}

/** Milliseconds until `need` units of the slices from `first` on have left the window. */
function freeInMs(slices: readonly number[], first: number, need: number, windowMs: number, nowMs: number): number {
  let missing = need
  for (let i = first; i < slices.length; i += 2) {
    missing -= at(slices, i + 1)
    if (missing <= 0) return at(slices, i) + windowMs - nowMs
  }
  return windowMs
}

/** Before the first slice lies nothing: a time that no comparison reaches. */
function at(slices: readonly number[], index: number): number {
  return slices[index] ?? Number.NEGATIVE_INFINITY
}
