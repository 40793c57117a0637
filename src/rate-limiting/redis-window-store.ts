/** Windows counted in Redis: all processes that share it share each window exactly. Redis is the clock. */
import { readFileSync } from 'node:fs'
import { RateLimiterUnavailable, type WindowSpec } from './rate-limiter.ts'
import type { RedisClient } from './redis-client.ts'
import { toGrainMs } from './sliding-window.ts'
import { type Order, TAKE, type WindowStore } from './window-store.ts'

export interface RedisWindowStoreOptions {
  readonly client: RedisClient
  /** Called when the connection is lost or ready again, with a word for the log. */
  readonly onConnectionChange?: (state: 'lost' | 'ready', reason: string) => void
  /** Tests only: milliseconds that replace the clock of Redis, asked when an order is sent. */
  readonly clock?: () => number
}

/** Version of the value's layout: another one needs other keys. */
const PREFIX = 'rl1:'
/** Numbers that the script answers to each order. */
const ANSWERS = 4

const MALFORMED = new RateLimiterUnavailable('malformed_answer')

/** The number of keys, the keys, and what to do with each. */
type RunScript = (args: (string | number)[]) => Promise<unknown>

/** Owns the client from now on: `close` ends it. Sets no deadline beyond the client's own. */
export function createRedisWindowStore({ client, onConnectionChange, clock }: RedisWindowStoreOptions): WindowStore {
  watchConnection(client, onConnectionChange)
  // Sends the digest, and the script itself where Redis does not know it: such a call has counted nothing.
  client.defineCommand('slidingWindows', {
    lua: readFileSync(new URL('./sliding-window.lua', import.meta.url), 'utf8'),
  })
  // The form for buffers: the answers are numbers, and need not be searched for buffers to turn into text.
  const scripted = client as unknown as { readonly slidingWindowsBuffer: RunScript }
  const texts = new WeakMap<WindowSpec, string>()

  /** The argument of the script. All checks of a policy send the same. */
  function toText({ window, slice }: Order): string {
    if (slice !== TAKE || clock !== undefined) return formatOrder(window, slice, clock)
    let text = texts.get(window)
    if (text === undefined) {
      text = formatOrder(window, TAKE)
      texts.set(window, text)
    }
    return text
  }

  function call(orders: readonly Order[]): void {
    const args: (string | number)[] = [orders.length]
    for (const order of orders) args.push(PREFIX + order.key)
    for (const order of orders) args.push(toText(order))
    scripted.slidingWindowsBuffer(args).then(
      (reply) => settle(orders, reply),
      (error: unknown) => failAll(orders, error),
    )
  }

  return {
    send: client.isCluster ? (orders) => groupByKey(orders).forEach(call) : call,
    async close() {
      client.disconnect()
    },
  }
}

/** The keys of one call must lie in one slot of a Cluster. Different keys hardly ever do: so a call has but one. */
function groupByKey(orders: readonly Order[]): Order[][] {
  const groups = new Map<string, Order[]>()
  for (const order of orders) {
    const group = groups.get(order.key)
    if (group === undefined) groups.set(order.key, [order])
    else group.push(order)
  }
  return [...groups.values()]
}

function formatOrder(window: WindowSpec, slice: number, clock?: () => number): string {
  const text = `${window.limit} ${window.windowMs} ${toGrainMs(window)} ${slice}`
  return clock === undefined ? text : `${text} ${clock()}`
}

/** Trusts nothing: what shares the Redis may be anything that speaks its protocol. */
function settle(orders: readonly Order[], reply: unknown): void {
  const answers: unknown[] = Array.isArray(reply) && reply.length === ANSWERS * orders.length ? reply : []
  for (const [i, order] of orders.entries()) {
    if (order.slice === TAKE) settleCheck(order, answers, ANSWERS * i)
  }
}

function settleCheck(order: Order, answers: readonly unknown[], at: number): void {
  const { limit, windowMs } = order.window
  const allowed = answers[at]
  const remaining = answers[at + 1]
  const resetMs = answers[at + 2]
  const slice = answers[at + 3]
  if (allowed instanceof Error) order.fail(new RateLimiterUnavailable(toReason(allowed)))
  else if (
    (allowed === 0 || allowed === 1) &&
    isIntegerWithin(remaining, limit - 1) &&
    isIntegerWithin(resetMs, windowMs) &&
    isIntegerWithin(slice, Number.MAX_SAFE_INTEGER)
  ) {
    order.decide({ allowed: allowed === 1, remaining, resetMs, slice })
  } else order.fail(MALFORMED)
}

function isIntegerWithin(value: unknown, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max
}

function failAll(orders: readonly Order[], error: unknown): void {
  const unavailable = new RateLimiterUnavailable(toReason(error))
  for (const order of orders) order.fail(unavailable)
}

function watchConnection(client: RedisClient, onChange: RedisWindowStoreOptions['onConnectionChange']): void {
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
