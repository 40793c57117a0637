/** Bounds how often one address may guess a password. In memory: there is one admin listener for all processes. */

export interface PasswordAttempts {
  /** Seconds until this address may try again; 0: now. */
  waitSeconds(address: string): number
  /** @param guess what was wrong, as a digest: the same once more is no other guess, but a page that was left open */
  noteFailure(address: string, guess: string): void
}

const MAX_FAILURES = 10
const WINDOW_MS = 60_000
/** Addresses that are remembered; of more, the one that began first is forgotten. */
const MAX_ADDRESSES = 1000

/** Ten failures in a minute, counted from the first one. @param now ms of any clock */
export function createPasswordAttempts(now: () => number): PasswordAttempts {
  /** In the order of their ends. */
  const windows = new Map<string, { failures: number; guess: string; readonly endsAtMs: number }>()

  function forgetOld(): void {
    for (const [address, { endsAtMs }] of windows) {
      if (now() < endsAtMs && windows.size < MAX_ADDRESSES) break
      windows.delete(address)
    }
  }

  return {
    waitSeconds(address) {
      const window = windows.get(address)
      if (window === undefined || window.failures < MAX_FAILURES) return 0
      return Math.max(0, Math.ceil((window.endsAtMs - now()) / 1000))
    },
    noteFailure(address, guess) {
      const window = windows.get(address)
      if (window !== undefined && now() < window.endsAtMs) {
        if (window.guess !== guess) window.failures += 1
        window.guess = guess
        return
      }
      windows.delete(address)
      forgetOld()
      windows.set(address, { failures: 1, guess, endsAtMs: now() + WINDOW_MS })
    },
  }
}
