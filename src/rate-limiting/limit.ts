/** The stage that counts a request: the door of this folder. It knows policies and subjects, not how windows are counted. */
import type { RateLimitPolicy } from '../config/gateway-config.ts'
import { GatewayError, type QuotaReport } from '../errors.ts'
import { createDenyCache, type DenyCache } from './deny-cache.ts'
import { type LimitSubject, toWindowKey } from './key.ts'
import { type RateLimiter, RateLimiterUnavailable, type Verdict } from './rate-limiter.ts'

export type { LimitSubject } from './key.ts'

/** A window that a request was counted in. */
export interface Quota extends QuotaReport {
  readonly policy: RateLimitPolicy
  /** What the limiter said. */
  readonly verdict: Verdict | undefined
}

/** One verdict, for metrics. `cache`: known to be denied; `local`: the store could not decide; `allow`, `deny`: nobody could. */
export interface LimitDecision {
  readonly policy: string
  readonly allowed: boolean
  readonly source: 'store' | 'cache' | 'local' | 'allow' | 'deny'
}

interface LimitStatus {
  readonly store: 'memory' | 'redis'
  readonly breaker: 'closed' | 'open'
}

export interface LimitStage {
  /**
   * Counts a request against all policies at once; synchronous when the limiter is. Throws `rate_limited` when one of them
   * is over its limit (nothing is counted then, in none of them), and `rate_limiter_unavailable` when the store cannot
   * decide and the policy says `deny`. Policies whose `when` is another moment must not be given.
   */
  limit(policies: readonly RateLimitPolicy[], subject: LimitSubject): Quota[] | Promise<Quota[]>
  /** Gives back what was counted, because a later policy answers 429; the quotas then say so. Not for 401 and 403: those count. */
  refundAll(quotas: readonly Quota[]): void
  status(): LimitStatus
  close(): Promise<void>
}

export interface LimitStageOptions {
  readonly limiter: RateLimiter
  /** Counts for policies with `onStoreError: local` while the limiter cannot. Default is the limiter itself. */
  readonly local?: RateLimiter
  /** Milliseconds of a clock that only goes forward. */
  readonly clock: () => number
  readonly status?: () => LimitStatus
  readonly onDecision?: (decision: LimitDecision) => void
}

/**
 * One policy's count of a request: first the question, then what became of it. Without a verdict it passed uncounted
 * (`allow`), or nobody could decide (`deny`).
 */
class Count implements Quota {
  readonly policy: RateLimitPolicy
  readonly key: string
  source: LimitDecision['source'] = 'store'
  limiter: RateLimiter
  verdict: Verdict | undefined

  constructor(policy: RateLimitPolicy, key: string, limiter: RateLimiter) {
    this.policy = policy
    this.key = key
    this.limiter = limiter
  }

  get isDenied(): boolean {
    return this.verdict !== undefined && !this.verdict.allowed
  }

  get isCounted(): boolean {
    return this.verdict?.allowed === true
  }

  get name(): string {
    return this.policy.name
  }

  get limit(): number {
    return this.policy.limit
  }

  get windowSeconds(): number {
    return toSeconds(this.policy.windowMs)
  }

  get remaining(): number {
    return this.verdict?.remaining ?? 0
  }

  get resetSeconds(): number {
    return toSeconds(this.verdict?.resetMs ?? 0)
  }

  giveBack(): void {
    if (this.verdict === undefined) return
    this.limiter.refund(this.key, this.policy, this.verdict.slice)
    this.verdict = { ...this.verdict, remaining: this.verdict.remaining + 1 }
  }
}

const MEMORY: LimitStatus = { store: 'memory', breaker: 'closed' }

export function createLimitStage(options: LimitStageOptions): LimitStage {
  const { limiter, local = limiter, clock, status = () => MEMORY, onDecision } = options
  const denyCache = createDenyCache(clock)

  /** Without a store the local limiter counts, if the policy says so; it is memory and answers synchronously. */
  function countWithoutStore(count: Count, error: unknown): void {
    if (!(error instanceof RateLimiterUnavailable)) throw error
    count.source = count.policy.onStoreError
    if (count.source !== 'local') return
    count.limiter = local
    count.verdict = local.check(count.key, count.policy) as Verdict
  }

  /** Nothing to wait for when the limiter answers at once. */
  function take(count: Count): Promise<void> | undefined {
    const verdict = limiter.check(count.key, count.policy)
    if (verdict instanceof Promise) {
      return verdict.then(
        (answer) => {
          count.verdict = answer
        },
        (error: unknown) => countWithoutStore(count, error),
      )
    }
    count.verdict = verdict
    return undefined
  }

  function giveBack(count: Count): void {
    count.giveBack()
    denyCache.clear(count.key)
  }

  function settle(counts: Count[]): Count[] {
    let isRefused = false
    for (const { policy, key, source, verdict } of counts) {
      if (verdict?.allowed === false) denyCache.deny(key, verdict.resetMs)
      isRefused ||= verdict === undefined ? source === 'deny' : !verdict.allowed
      onDecision?.({ policy: policy.name, allowed: verdict?.allowed ?? source === 'allow', source })
    }
    if (isRefused) throw refusal(counts)
    return counts.every(isCounted) ? counts : counts.filter(isCounted)
  }

  /** Nothing is counted of a refused request. */
  function refusal(counts: readonly Count[]): GatewayError {
    for (const count of counts) if (count.isCounted) giveBack(count)
    const decided = counts.filter(({ verdict }) => verdict !== undefined)
    const violated = decided.filter(({ isDenied }) => isDenied)
    if (violated.length > 0) return rateLimited(violated.map(toReport), decided.map(toReport))
    return new GatewayError('rate_limiter_unavailable', 'store_unavailable', { retryAfterSeconds: 1 })
  }

  return {
    limit(policies, subject) {
      const counts = toCounts(policies, subject, limiter)
      refuseKnownDenials(counts, denyCache, onDecision)
      let isWaiting = false
      const waits = counts.map((count) => {
        const wait = take(count)
        isWaiting ||= wait !== undefined
        return wait
      })
      return isWaiting ? Promise.all(waits).then(() => settle(counts)) : settle(counts)
    },
    refundAll(quotas) {
      for (const quota of quotas) if (quota instanceof Count) giveBack(quota)
    },
    status,
    close: () => limiter.close(),
  }
}

function toCounts(policies: readonly RateLimitPolicy[], subject: LimitSubject, limiter: RateLimiter): Count[] {
  const counts: Count[] = []
  for (const policy of policies) {
    const key = toWindowKey(policy, subject)
    if (key !== undefined) counts.push(new Count(policy, key, limiter))
  }
  return counts
}

function isCounted(count: Count): boolean {
  return count.isCounted
}

/** Asks the cache about all policies before any is counted. */
function refuseKnownDenials(
  counts: readonly Count[],
  denyCache: DenyCache,
  onDecision: LimitStageOptions['onDecision'],
): void {
  // Nobody is over a limit: the ordinary case.
  if (denyCache.size === 0) return
  const violated = counts.flatMap((count) => {
    const retryMs = denyCache.retryMs(count.key)
    return retryMs > 0 ? [{ ...toReport(count), resetSeconds: toSeconds(retryMs) }] : []
  })
  if (violated.length === 0) return
  for (const { name } of violated) onDecision?.({ policy: name, allowed: false, source: 'cache' })
  throw rateLimited(violated, violated)
}

/** A plain copy, for the answer. */
function toReport({ name, limit, windowSeconds, remaining, resetSeconds }: QuotaReport): QuotaReport {
  return { name, limit, windowSeconds, remaining, resetSeconds }
}

function toSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000))
}

function rateLimited(violated: readonly QuotaReport[], quotas: readonly QuotaReport[]): GatewayError {
  return new GatewayError('rate_limited', 'rate_limited', {
    retryAfterSeconds: Math.max(...violated.map(({ resetSeconds }) => resetSeconds)),
    violatedPolicies: violated.map(({ name }) => name),
    quotas,
  })
}
