/** Numbers and times for people. */

const UNITS = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
] as const

/** `850 ms`, `12 s`, `3 min`, `2 d`: the largest whole unit. */
export function formatMs(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`
  const seconds = Math.floor(ms / 1000)
  const [size, unit] = UNITS.find(([least]) => seconds >= least) ?? [1, 's']
  return `${Math.floor(seconds / size)} ${unit}`
}

/** `0`, `0.4`, `12`, `1.2k`, `3.4M`. */
export function formatCount(value: number): string {
  if (value >= 1e6) return `${trim(value / 1e6)}M`
  if (value >= 1e4) return `${trim(value / 1e3)}k`
  return value >= 10 ? String(Math.round(value)) : trim(value)
}

function trim(value: number): string {
  return String(Math.round(value * 10) / 10)
}

/** `1 route`, `4 routes`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
