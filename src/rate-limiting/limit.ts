/** The stage that counts a request: the door of this folder. It knows policies and subjects, not how windows are counted. */
import type { RateLimitPolicy } from '../config/gateway-config.ts'
import { GatewayError, type QuotaReport } from '../errors.ts'
import { createDenyCache, type DenyCache } from './deny-cache.ts'
import { type LimitSubject, toWindowKey } from './key.ts'
import { type RateLimiter, RateLimiterUnavailable, type Verdict } from './rate-limiter.ts'

export type { LimitSubject } from './key.ts'

/** A window that a request was counted in. */
export interface Quota extends QuotaReport {
  /** How to give the unit back. */
  readonly taken: { readonly limiter: RateLimiter; readonly key: string; readonly slice: number }
  readonly policy: RateLimitPolicy
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
  /** Gives back what was counted, because a later policy answers 429. Not for 401 and 403: those count. */
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

interface Check {
  readonly policy: RateLimitPolicy
  readonly key: string
}

/** What became of one check; without a verdict it passed uncounted (`allow`), or nobody could decide (`deny`). */
interface Outcome extends Check {
  readonly limiter: RateLimiter
  readonly source: LimitDecision['source']
  readonly verdict?: Verdict
}

const MEMORY: LimitStatus = { store: 'memory', breaker: 'closed' }

export function createLimitStage(options: LimitStageOptions): LimitStage {
  const { limiter, local = limiter, clock, status = () => MEMORY, onDecision } = options
  const denyCache = createDenyCache(clock)

  function decideWithoutStore(check: Check, error: unknown): Outcome {
    if (!(error instanceof RateLimiterUnavailable)) throw error
    const source = check.policy.onStoreError
    if (source !== 'local') return { ...check, limiter, source }
    // The local limiter is memory: it answers synchronously.
    return { ...check, limiter: local, source, verdict: local.check(check.key, check.policy) as Verdict }
  }

  function decide(check: Check): Outcome | Promise<Outcome> {
    const verdict = limiter.check(check.key, check.policy)
    if (!(verdict instanceof Promise)) return { ...check, limiter, source: 'store', verdict }
    return verdict.then(
      (answer) => ({ ...check, limiter, source: 'store', verdict: answer }),
      (error: unknown) => decideWithoutStore(check, error),
    )
  }

  function refund({ limiter: from, key, slice }: Quota['taken'], policy: RateLimitPolicy): void {
    from.refund(key, policy, slice)
    denyCache.clear(key)
  }

  function settle(outcomes: readonly Outcome[]): Quota[] {
    for (const { policy, key, source, verdict } of outcomes) {
      if (verdict?.allowed === false) denyCache.deny(key, verdict.resetMs)
      onDecision?.({ policy: policy.name, allowed: verdict?.allowed ?? source === 'allow', source })
    }
    const quotas = outcomes.flatMap(toQuota)
    const isDenied = outcomes.some(({ verdict }) => verdict?.allowed === false)
    const isUndecided = outcomes.some(({ source }) => source === 'deny')
    if (!isDenied && !isUndecided) return quotas
    for (const { taken, policy } of quotas) refund(taken, policy)
    if (!isDenied) throw new GatewayError('rate_limiter_unavailable', 'store_unavailable', { retryAfterSeconds: 1 })
    throw rateLimited(outcomes.flatMap(toReportAfterRefund))
  }

  return {
    limit(policies, subject) {
      const checks = toChecks(policies, subject)
      refuseKnownDenials(checks, denyCache, onDecision)
      const outcomes = checks.map(decide)
      return outcomes.every(isOutcome) ? settle(outcomes) : Promise.all(outcomes).then(settle)
    },
    refundAll(quotas) {
      for (const { taken, policy } of quotas) refund(taken, policy)
    },
    status,
    close: () => limiter.close(),
  }
}

function toChecks(policies: readonly RateLimitPolicy[], subject: LimitSubject): Check[] {
  return policies.flatMap((policy) => {
    const key = toWindowKey(policy, subject)
    return key === undefined ? [] : [{ policy, key }]
  })
}

/** Asks the cache about all policies before any is counted. */
function refuseKnownDenials(
  checks: readonly Check[],
  denyCache: DenyCache,
  onDecision: LimitStageOptions['onDecision'],
): void {
  const violated = checks.flatMap(({ policy, key }) => {
    const retryMs = denyCache.retryMs(key)
    return retryMs > 0 ? [toReport(policy, 0, retryMs)] : []
  })
  if (violated.length === 0) return
  for (const { name } of violated) onDecision?.({ policy: name, allowed: false, source: 'cache' })
  throw rateLimited(violated.map((report) => ({ report, isViolated: true })))
}

function isOutcome(outcome: Outcome | Promise<Outcome>): outcome is Outcome {
  return !(outcome instanceof Promise)
}

function toQuota({ policy, key, limiter, verdict }: Outcome): Quota[] {
  if (verdict?.allowed !== true) return []
  const { remaining, resetMs, slice } = verdict
  return [{ ...toReport(policy, remaining, resetMs), taken: { limiter, key, slice }, policy }]
}

function toReportAfterRefund({ policy, verdict }: Outcome): { report: QuotaReport; isViolated: boolean }[] {
  if (verdict === undefined) return []
  const { allowed, remaining, resetMs } = verdict
  return [{ report: toReport(policy, allowed ? remaining + 1 : 0, resetMs), isViolated: !allowed }]
}

function toReport({ name, limit, windowMs }: RateLimitPolicy, remaining: number, resetMs: number): QuotaReport {
  return { name, limit, windowSeconds: toSeconds(windowMs), remaining, resetSeconds: toSeconds(resetMs) }
}

function toSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000))
}

function rateLimited(reports: readonly { report: QuotaReport; isViolated: boolean }[]): GatewayError {
  const violated = reports.filter(({ isViolated }) => isViolated).map(({ report }) => report)
  return new GatewayError('rate_limited', 'rate_limited', {
    retryAfterSeconds: Math.max(...violated.map(({ resetSeconds }) => resetSeconds)),
    violatedPolicies: violated.map(({ name }) => name),
    quotas: reports.map(({ report }) => report),
  })
}
