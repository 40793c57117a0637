/** What a process has for browsers, whatever configuration is in force: sessions and tickets, over one connection to Redis. */
import type { Clock } from './authentication/clock.ts'
import type { RedisConfig } from './config/gateway-config.ts'
import type { RedisClient } from './rate-limiting/redis-client.ts'
import { createSessionParts, type SessionParts } from './sessions/session-parts.ts'
import type { SessionLog } from './sessions/sessions.ts'
import { createTicketParts, type TicketParts } from './tickets/ticket-parts.ts'

export interface BrowserParts extends Pick<SessionParts, 'createSessions'>, Pick<TicketParts, 'createTickets'> {
  close(): Promise<void>
}

export function createBrowserParts(clock: Clock, log: SessionLog, redis: RedisConfig | undefined): BrowserParts {
  let connecting: Promise<RedisClient> | undefined
  const connect =
    redis &&
    (() => {
      connecting ??= connectTo(redis)
      return connecting
    })
  const sessions = createSessionParts(clock, log, connect)
  const tickets = createTicketParts(() => clock.now(), connect)
  return {
    createSessions: sessions.createSessions,
    createTickets: tickets.createTickets,
    close: async () => void (await Promise.all([sessions.close(), tickets.close()])),
  }
}

/** Longer than a connection may take. */
const CONNECT_WAIT_MS = 1000

/**
 * A connection of their own: its commands are few, and must not wait behind the counts of limits. Waits until Redis was reached or
 * could not be, a second at most: before that every command would be refused.
 */
async function connectTo(redis: RedisConfig): Promise<RedisClient> {
  const { createRedisClient } = await import('./rate-limiting/redis-client.ts')
  const client = createRedisClient(redis)
  client.on('error', () => {})
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, CONNECT_WAIT_MS)
    for (const event of ['ready', 'error', 'end']) {
      client.once(event, () => {
        clearTimeout(timer)
        resolve()
      })
    }
  })
  return client
}
