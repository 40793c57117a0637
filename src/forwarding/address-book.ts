import type { UpstreamConfig } from '../config/gateway-config.ts'

/** How long an address that refused a connection is passed over while others are there. */
const DOWN_MS = 5_000

/** Round robin over the addresses of an upstream; those that could not be reached lately come last. */
export interface AddressBook {
  /** An address that is not among `tried`; undefined when all have been tried. */
  pick(upstream: UpstreamConfig, tried: readonly string[]): string | undefined
  markDown(origin: string): void
  markUp(origin: string): void
  /** Addresses that could not be reached lately, and have not been since. */
  down(): readonly string[]
}

/** @param now monotonic milliseconds */
export function createAddressBook(now: () => number): AddressBook {
  const downUntil = new Map<string, number>()
  const turn = new Map<string, number>()

  return {
    pick(upstream, tried) {
      const { urls, name } = upstream
      if (urls.length === 1) return tried.length === 0 ? urls[0] : undefined
      const start = turn.get(name) ?? 0
      turn.set(name, (start + 1) % urls.length)
      const inTurn = [...urls.slice(start), ...urls.slice(0, start)].filter((url) => !tried.includes(url))
      return inTurn.find((url) => (downUntil.get(url) ?? 0) <= now()) ?? inTurn[0]
    },
    markDown(origin) {
      downUntil.set(origin, now() + DOWN_MS)
    },
    markUp(origin) {
      if (downUntil.size > 0) downUntil.delete(origin)
    },
    down: () => [...downUntil.keys()],
  }
}
