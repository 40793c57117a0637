/** What becomes of the figures of several rounds. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** The middle value; the mean of the two middle ones of an even number. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[sorted.length >> 1] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[(sorted.length >> 1) - 1] ?? Number.NaN) + upper) / 2
}

export function spread(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) }
}

/**
 * The order of a round: another start each time, and each second round backwards, so that nobody keeps his place or comes
 * after the same one. Identical programs differ by up to a tenth by their place.
 */
export function orderOf<T>(items: readonly T[], round: number): T[] {
  const shift = items.length === 0 ? 0 : round % items.length
  const turned = [...items.slice(shift), ...items.slice(0, shift)]
  return round % 2 === 0 ? turned : turned.toReversed()
}
