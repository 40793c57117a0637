import { z } from 'zod'

const DURATION_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const SIZE_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1000,
  MB: 1_000_000,
  GB: 1_000_000_000,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
}

function readQuantity(text: string, units: Readonly<Record<string, number>>): number {
  const match = /^(\d+(?:\.\d+)?)([A-Za-z]+)$/.exec(text)
  return Math.round(Number(match?.[1]) * (units[match?.[2] ?? ''] ?? Number.NaN))
}

/** A duration with its unit, `250ms`, `30s`, `10m`, `24h` or `7d`; read as milliseconds. */
export function duration({ minMs = 0, maxMs = 366 * 86_400_000 }: { minMs?: number; maxMs?: number } = {}) {
  return z
    .string({ error: 'expected a duration with a unit, such as 250ms, 30s, 10m, 24h or 7d' })
    .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, 'expected a duration with a unit, such as 250ms, 30s, 10m, 24h or 7d')
    .meta({ title: 'duration' })
    .transform((text) => readQuantity(text, DURATION_MS))
    .refine((ms) => ms >= minMs, `expected at least ${formatDuration(minMs)}`)
    .refine((ms) => ms <= maxMs, `expected at most ${formatDuration(maxMs)}`)
}

/** A size with its unit, `512B`, `16KiB`, `1MiB` or `1MB`; read as bytes. */
export function size({ minBytes = 0, maxBytes = Number.MAX_SAFE_INTEGER } = {}) {
  return z
    .string({ error: 'expected a size with a unit, such as 512B, 16KiB or 1MiB' })
    .regex(/^\d+(\.\d+)?([KMG]i?)?B$/, 'expected a size with a unit, such as 512B, 16KiB or 1MiB')
    .meta({ title: 'size' })
    .transform((text) => readQuantity(text, SIZE_BYTES))
    .refine((bytes) => bytes >= minBytes, `expected at least ${minBytes} bytes`)
    .refine((bytes) => bytes <= maxBytes, `expected at most ${maxBytes} bytes`)
}

/** Milliseconds as the file would write them: `90s`, `10m`, `24h`. */
function formatDuration(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const factor = DURATION_MS[unit] as number
    if (ms >= factor && ms % factor === 0) return `${ms / factor}${unit}`
  }
  return `${ms}ms`
}
