/**
 * The keys of one issuer over time: fetched once for all who wait, refreshed in the background, served while the issuer
 * is down, and fetched again for an unknown key, within bounds that no stream of bad tokens can raise.
 */
import type { CryptoKey } from 'jose'
import { GatewayError, invalidToken } from '../errors.ts'
import type { Clock } from './clock.ts'
import { KeyFetchError, type KeyFetchReason } from './key-fetch-error.ts'
import type { KeySet } from './key-set.ts'
import { createRefetchAllowance, type RefetchAllowance, remainingMs } from './refetch-allowance.ts'

/** Who presents a token with an unknown key. Each kind has an allowance of its own, so strangers cannot use up both. */
export type Caller = 'stranger' | 'known'

export interface KeySource {
  /** The keys that may be used now; undefined: none yet, or none that is younger than `staleFor`. */
  current(): KeySet | undefined
  /**
   * Keys that may have signed a token, of which there is at least one. Answers synchronously when they are at hand.
   * Throws or rejects with `keys_unavailable` when that cannot be found out now, and with `invalid_token` when the
   * issuer has no such key.
   */
  resolve(kid: string | undefined, alg: string, caller?: Caller): ResolvedKeys | Promise<ResolvedKeys>
  status(): KeySourceStatus
  /** The last keys that were had, however old; for a source that takes the place of this one. */
  held(): HeldKeys | undefined
  /** Resolves when no fetch is under way. */
  settled(): Promise<void>
  /** Stops the background refresh. A fetch under way ends by itself, and requests that wait for it are served. */
  close(): void
}

export interface ResolvedKeys {
  /** The set they belong to: while it is `current`, what they verified stays verified. */
  readonly keySet: KeySet
  readonly keys: readonly CryptoKey[]
}

interface HeldKeys {
  readonly keySet: KeySet
  /** When the fetch began that brought or confirmed them; ms since the epoch. */
  readonly fetchedAtMs: number
}

export interface KeySourceStatus {
  /** Usable keys at hand, stale ones included. */
  readonly keys: number
  readonly everLoaded: boolean
  /** When the fetch began that brought or confirmed them; ms since the epoch. */
  readonly fetchedAtMs: number | undefined
  /** Why the last fetch failed; absent after one that did not. */
  readonly lastError?: KeyFetchReason
}

export interface KeySourceOptions {
  readonly freshForMs: number
  readonly staleForMs: number
  readonly refetchEveryMs: number
  readonly timeoutMs: number
  readonly clock: Clock
  /** Keys to begin with, as old as they are. */
  readonly held?: HeldKeys | undefined
  /** Fetches and imports the keys. Rejects with a KeyFetchError. */
  readonly load: (signal: AbortSignal) => Promise<KeySet>
  /** Called after each fetch, with why it failed. */
  readonly onFetch?: (failure?: KeyFetchError) => void
}

interface Wanted {
  readonly kid: string | undefined
  readonly alg: string
}

interface Search {
  /** Of whoever caused it. */
  readonly allowance: RefetchAllowance
  /** What those who wait for it look for. */
  readonly wanted: Wanted[]
}

interface Flight {
  /** Set when an unknown key caused the fetch. */
  readonly search: Search | undefined
  done: Promise<void>
}

const FIRST_RETRY_MS = 1000

/** Starts with a fetch, at once. */
export function createKeySource(options: KeySourceOptions): KeySource {
  return new RemoteKeySource(options)
}

class RemoteKeySource implements KeySource {
  readonly #options: KeySourceOptions
  readonly #clock: Clock
  #keySet: KeySet | undefined
  #fetchedAtMs: number | undefined
  #failure: KeyFetchReason | undefined
  /** Failed fetches since the last good one. */
  #failures = 0
  #lastAttemptMs = 0
  readonly #allowances: Readonly<Record<Caller, RefetchAllowance>>
  #flight: Flight | undefined
  #cancelRefresh = () => {}
  #closed = false

  constructor(options: KeySourceOptions) {
    this.#options = options
    this.#clock = options.clock
    const allowance = () => createRefetchAllowance(this.#clock, options.refetchEveryMs)
    this.#allowances = { stranger: allowance(), known: allowance() }
    this.#keySet = options.held?.keySet
    this.#fetchedAtMs = options.held?.fetchedAtMs
    void this.#start()
  }

  current(): KeySet | undefined {
    if (this.#fetchedAtMs === undefined) return undefined
    return this.#clock.now() - this.#fetchedAtMs < this.#options.staleForMs ? this.#keySet : undefined
  }

  resolve(kid: string | undefined, alg: string, caller: Caller = 'stranger'): ResolvedKeys | Promise<ResolvedKeys> {
    const keySet = this.current()
    const keys = keySet?.candidates(kid, alg) ?? []
    if (keySet !== undefined && keys.length > 0) return { keySet, keys }
    const fetched = keySet === undefined ? this.#fetchFirst() : this.#fetchFor({ kid, alg }, this.#allowances[caller])
    return fetched.then(() => this.resolve(kid, alg, caller))
  }

  status(): KeySourceStatus {
    return {
      keys: this.#keySet?.size ?? 0,
      everLoaded: this.#keySet !== undefined,
      fetchedAtMs: this.#fetchedAtMs,
      ...(this.#failure === undefined ? {} : { lastError: this.#failure }),
    }
  }

  held(): HeldKeys | undefined {
    if (this.#keySet === undefined || this.#fetchedAtMs === undefined) return undefined
    return { keySet: this.#keySet, fetchedAtMs: this.#fetchedAtMs }
  }

  async settled(): Promise<void> {
    while (this.#flight !== undefined) await this.#flight.done
  }

  close(): void {
    this.#closed = true
    this.#cancelRefresh()
  }

  /** Joins the fetch under way or starts one; rejects when none is allowed now. */
  async #fetchFirst(): Promise<void> {
    if (this.#flight !== undefined) return this.#flight.done
    if (this.#retryInMs() > 0) throw this.#unavailable(this.#retryInMs())
    return this.#start()
  }

  /** The same for an unknown key. While fetches fail, only the background tries: requests must not add to it. */
  async #fetchFor(wanted: Wanted, allowance: RefetchAllowance): Promise<void> {
    if (this.#flight !== undefined) {
      this.#flight.search?.wanted.push(wanted)
      return this.#flight.done
    }
    const waitMs = allowance.waitMs()
    const retryInMs = this.#retryInMs()
    if (waitMs === 0 && retryInMs === 0) return this.#start({ allowance, wanted: [wanted] })
    // After a failed fetch nobody knows whether the issuer has this key: the client did nothing wrong.
    throw this.#failure === undefined ? invalidToken('token_key') : this.#unavailable(retryInMs || waitMs)
  }

  #start(search?: Search): Promise<void> {
    this.#cancelRefresh()
    const flight: Flight = { search, done: Promise.resolve() }
    this.#flight = flight
    flight.done = this.#fetch(flight)
    return flight.done
  }

  /** Never rejects. */
  async #fetch(flight: Flight): Promise<void> {
    const startedAtMs = this.#clock.now()
    let failure: KeyFetchError | undefined
    try {
      this.#accept(await this.#load(), startedAtMs)
    } catch (error) {
      failure = error instanceof KeyFetchError ? error : new KeyFetchError('malformed', error)
      this.#failures++
    }
    this.#failure = failure?.reason
    this.#lastAttemptMs = this.#clock.now()
    this.#flight = undefined
    if (flight.search?.wanted.every((wanted) => !this.#has(wanted))) flight.search.allowance.spend()
    if (!this.#closed) this.#scheduleRefresh()
    this.#options.onFetch?.(failure)
  }

  /** Loads with a deadline over everything: discovery, headers, body and import. */
  async #load(): Promise<KeySet> {
    const abort = new AbortController()
    const deadline = Promise.withResolvers<never>()
    const cancel = this.#clock.schedule(() => {
      const failure = new KeyFetchError('timeout')
      abort.abort(failure)
      deadline.reject(failure)
    }, this.#options.timeoutMs)
    try {
      return await Promise.race([this.#options.load(abort.signal), deadline.promise])
    } finally {
      cancel()
    }
  }

  #accept(keySet: KeySet, startedAtMs: number): void {
    // The same keys again stay the same object, so that tokens they verified need no second look.
    if (keySet.fingerprint !== this.#keySet?.fingerprint) this.#keySet = keySet
    this.#fetchedAtMs = startedAtMs
    this.#failures = 0
  }

  #has({ kid, alg }: Wanted): boolean {
    return (this.current()?.candidates(kid, alg).length ?? 0) > 0
  }

  #scheduleRefresh(): void {
    const delayMs = this.#failures === 0 ? this.#options.freshForMs : this.#backoffMs()
    this.#cancelRefresh = this.#clock.schedule(() => {
      if (this.#flight === undefined) void this.#start()
    }, delayMs)
  }

  /** 1 s after the first failure, twice as long after each further one, at most `refetchEvery`. */
  #backoffMs(): number {
    return Math.min(this.#options.refetchEveryMs, FIRST_RETRY_MS * 2 ** (this.#failures - 1))
  }

  #retryInMs(): number {
    return this.#failures === 0 ? 0 : remainingMs(this.#clock, this.#lastAttemptMs, this.#backoffMs())
  }

  #unavailable(retryInMs: number): GatewayError {
    const retryAfterSeconds = Math.max(1, Math.ceil(retryInMs / 1000))
    return new GatewayError('keys_unavailable', `keys_${this.#failure ?? 'stale'}`, { retryAfterSeconds })
  }
}
