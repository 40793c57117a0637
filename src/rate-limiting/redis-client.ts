/** The connection to Redis: one node, Sentinel or Cluster, tuned to fail at once rather than to wait. */
import { type RedisOptions as AllRedisOptions, Cluster, Redis } from 'ioredis'
import type { RedisConfig } from '../config/gateway-config.ts'

export type RedisClient = Redis | Cluster

/** Replies keep the shape that ioredis gives them by default. */
type RedisOptions = Omit<AllRedisOptions, 'replyMapping'>

/**
 * Nothing waits and nothing is sent twice: a check that was queued or sent again would count when nobody waits for it.
 * How long a caller waits is not decided here but by `guarded-rate-limiter.ts`, which can tell a late store from a late
 * process; these time limits only free what is left behind.
 */
const SETTINGS = {
  enableAutoPipelining: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  connectTimeout: 500,
  socketTimeout: 500,
  commandTimeout: 500,
} as const satisfies RedisOptions

const retryStrategy = (attempt: number) => Math.min(50 * attempt, 500)

/** Throws when the configuration names no usable address; the message shows none of its values. */
export function createRedisClient(config: RedisConfig): RedisClient {
  const account = {
    ...(config.username !== undefined && { username: config.username }),
    ...(config.password !== undefined && { password: config.password }),
  }
  if (config.cluster !== undefined) return createClusterClient(config, account)
  const address =
    config.sentinel === undefined ? readUrl(config.url, config.tls) : readSentinel(config.sentinel, config.tls)
  const options: RedisOptions = { ...SETTINGS, ...address, ...account, enableOfflineQueue: false, retryStrategy }
  return new Redis(options)
}

function createClusterClient(config: RedisConfig, account: Pick<RedisOptions, 'username' | 'password'>): Cluster {
  const client = new Cluster((config.cluster ?? []).map(readNode), {
    enableOfflineQueue: false,
    enableAutoPipelining: false,
    clusterRetryStrategy: retryStrategy,
    maxRedirections: 3,
    // 0: a check whose connection broke may have been counted, so it is not sent again.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 20,
    slotsRefreshTimeout: 500,
    slotsRefreshInterval: 1000,
    redisOptions: { ...SETTINGS, ...account, ...(config.tls && { tls: {} }) },
    // Certificates are made out to names: do not turn those into addresses first.
    ...(config.tls && { dnsLookup: (address, done) => done(null, address) }),
  })
  // ioredis connects to a node with the first command for it, and rejects those that come until it is connected. That it asks
  // itself whether the cluster is whole is such a command, so nothing is connected to before the answer.
  client.on('ready', () => client.nodes('master').forEach(connectMaster))
  return client.on('+node', (node: Redis) => {
    if (client.status === 'ready') connectMaster(node)
  })
}

function connectMaster(node: Redis): void {
  if (!node.options.readOnly) node.connect().catch(() => {})
}

function readSentinel({ name, nodes }: NonNullable<RedisConfig['sentinel']>, tls = false): RedisOptions {
  return {
    name,
    sentinels: nodes.map(readNode),
    sentinelRetryStrategy: retryStrategy,
    sentinelCommandTimeout: 500,
    ...(tls && { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true }),
  }
}

function readUrl(text: string | undefined, tls = false): RedisOptions {
  const url = URL.parse(text ?? '')
  if (url === null || (url.protocol !== 'redis:' && url.protocol !== 'rediss:') || url.hostname === '') {
    throw new Error('redis: expected a redis:// or rediss:// URL')
  }
  const db = /^\/?(\d*)$/.exec(url.pathname)?.[1]
  if (db === undefined) throw new Error('redis: the path of the URL must be a database number')
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 6379 : Number(url.port),
    db: Number(db),
    ...(url.username !== '' && { username: decodeURIComponent(url.username) }),
    ...(url.password !== '' && { password: decodeURIComponent(url.password) }),
    ...((tls || url.protocol === 'rediss:') && { tls: {} }),
  }
}

/** `host`, `host:port` or `[address]:port`. */
function readNode(text: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text)
  if (match === null) throw new Error('redis: expected host:port for each node')
  return { host: match[1] ?? match[2] ?? '', port: Number(match[3] ?? 6379) }
}
