/** Windows counted in Redis: all processes that share it share each window exactly. Redis is the clock. */
import { readFileSync } from 'node:fs'
import { type RateLimiter, RateLimiterUnavailable, type Verdict, type WindowSpec } from './rate-limiter.ts'
import type { RedisClient } from './redis-client.ts'
import { toGrainMs } from './sliding-window.ts'

export interface RedisRateLimiterOptions {
  readonly client: RedisClient
  /** Called when the connection is lost or ready again, with a word for the log. */
  readonly onConnectionChange?: (state: 'lost' | 'ready', reason: string) => void
  /** Tests only: milliseconds that replace the clock of Redis. */
  readonly clock?: () => number
}

/** Version of the value's layout: another one needs other keys. */
const PREFIX = 'rl1:'
const TAKE = -1

type RunScript = (key: string, ...args: number[]) => Promise<unknown>

/** Owns the client from now on: `close` ends it. Sets no deadline beyond the client's own. */
export function createRedisRateLimiter({ client, onConnectionChange, clock }: RedisRateLimiterOptions): RateLimiter {
  watchConnection(client, onConnectionChange)
  client.defineCommand('slidingWindow', {
    numberOfKeys: 1,
    lua: readFileSync(new URL('./sliding-window.lua', import.meta.url), 'utf8'),
  })
  const scripted = client as unknown as { readonly slidingWindow: RunScript }

  function run(key: string, window: WindowSpec, slice: number): Promise<unknown> {
    const args = [window.limit, window.windowMs, toGrainMs(window), slice]
    if (clock !== undefined) args.push(clock())
    return scripted.slidingWindow(PREFIX + key, ...args)
  }

  return {
    check(key, window) {
      return run(key, window, TAKE).then(
        (reply) => readVerdict(reply, window),
        (error: unknown) => {
          throw new RateLimiterUnavailable(toReason(error))
        },
      )
    },
    refund(key, window, slice) {
      // Best effort: a unit that could not be given back leaves with its window.
      run(key, window, slice).catch(() => {})
    },
    async close() {
      client.disconnect()
    },
  }
}

/** Trusts nothing: what shares the Redis may be anything that speaks its protocol. */
function readVerdict(reply: unknown, { limit, windowMs }: WindowSpec): Verdict {
  const answer: unknown[] = Array.isArray(reply) ? reply : []
  const [allowed, remaining, resetMs, slice] = answer
  const isSound =
    answer.length === 4 &&
    (allowed === 0 || allowed === 1) &&
    isIntegerWithin(remaining, 0, limit - 1) &&
    isIntegerWithin(resetMs, 0, windowMs) &&
    isIntegerWithin(slice, 0, Number.MAX_SAFE_INTEGER)
  if (!isSound) throw new RateLimiterUnavailable('malformed_answer')
  return { allowed: allowed === 1, remaining: remaining as number, resetMs: resetMs as number, slice: slice as number }
}

function isIntegerWithin(value: unknown, min: number, max: number): boolean {
  return Number.isInteger(value) && (value as number) >= min && (value as number) <= max
}

function watchConnection(client: RedisClient, onChange: RedisRateLimiterOptions['onConnectionChange']): void {
  let state: 'new' | 'lost' | 'ready' = 'new'
  const change = (next: 'lost' | 'ready', reason: string) => {
    if (state === next) return
    state = next
    onChange?.(next, reason)
  }
  // Without a listener ioredis prints each error; the error itself may hold the AUTH command, so only a word of it is told.
  client.on('error', (error: unknown) => change('lost', toReason(error)))
  client.on('close', () => change('lost', 'connection_closed'))
  client.on('ready', () => change('ready', 'connected'))
}

/** A low-cardinality word: an error code of the system (`ECONNREFUSED`) or of Redis (`OOM`), or what ioredis found. */
function toReason(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  if ('code' in error && typeof error.code === 'string') return error.code
  const { message } = error
  if (message.includes('timed out') || message.includes('timeout')) return 'timeout'
  if (/isn't (ready|writeable)|Connection is closed/.test(message)) return 'not_connected'
  return /^[A-Z]{2,20}(?= )/.exec(message)?.[0] ?? error.name
}
