/** What the console shows of a gateway that runs, put together from all its processes. No secrets, no clients, no subjects. */
import type { ConfigStatus } from '../config/config-record.ts'
import type { GatewayConfig } from '../config/gateway-config.ts'
import type { MetricsSnapshot } from '../observability/metrics-snapshot.ts'
import { type RequestCount, readRequestCounts, readValue } from './counters.ts'
import type { IssuerLook, ProcessLook } from './process-look.ts'

/** What is gathered each time that somebody looks. */
export interface Gathered {
  /** What keeps the gateway from taking requests; empty when it is ready. */
  readonly notReady: readonly string[]
  readonly metrics: MetricsSnapshot
  /** Of the processes that answer. */
  readonly looks: readonly ProcessLook[]
  /** Processes that take requests, as the file has it. */
  readonly processes: number
}

export interface ConsoleState {
  /** When it was put together; ms since the epoch. */
  readonly atMs: number
  readonly config: ConfigStatus
  readonly notReady: readonly string[]
  readonly processes: { readonly running: number; readonly wanted: number; readonly restarts: number }
  readonly load: { readonly inFlight: number; readonly bound: number }
  readonly requests: readonly RequestCount[]
  readonly issuers: readonly IssuerState[]
  readonly limiter: {
    readonly store: 'memory' | 'redis'
    /** Processes that have given the store up for now. */
    readonly open: number
  }
  readonly upstreams: readonly {
    readonly name: string
    readonly urls: readonly { readonly url: string; readonly isDown: boolean }[]
  }[]
}

export interface IssuerState extends IssuerLook {
  /** As in `iss`. */
  readonly issuer: string
  /** Where the keys come from: an address, or discovery. */
  readonly jwks?: string
  readonly freshForMs: number
  readonly staleForMs: number
}

export function toState(config: GatewayConfig, status: ConfigStatus, gathered: Gathered, atMs: number): ConsoleState {
  const { metrics, looks, notReady, processes } = gathered
  const down = new Set(looks.flatMap((look) => look.down))
  return {
    atMs,
    config: status,
    notReady,
    processes: {
      running: looks.length,
      wanted: processes,
      restarts: readValue(metrics, 'scopegate_worker_restarts_total'),
    },
    load: {
      inFlight: readValue(metrics, 'scopegate_requests_in_flight'),
      bound: readValue(metrics, 'scopegate_requests_in_flight_bound'),
    },
    requests: readRequestCounts(metrics),
    issuers: [...config.issuers.values()].map(({ name, issuer, jwks, keys }) => ({
      ...worstOf(name, looks),
      issuer,
      ...(jwks !== undefined && { jwks }),
      freshForMs: keys.freshForMs,
      staleForMs: keys.staleForMs,
    })),
    limiter: {
      store: config.server.redis === undefined ? 'memory' : 'redis',
      open: looks.filter(({ store }) => store.breaker === 'open').length,
    },
    upstreams: [...config.upstreams.values()].map(({ name, urls }) => ({
      name,
      urls: urls.map((url) => ({ url, isDown: down.has(url) })),
    })),
  }
}

/** Of the processes the one whose keys are oldest: it is the one that will fail first. */
function worstOf(name: string, looks: readonly ProcessLook[]): IssuerLook {
  const all = looks.flatMap(({ issuers }) => issuers.filter((issuer) => issuer.name === name))
  const [worst] = all.toSorted((a, b) => (a.fetchedAtMs ?? 0) - (b.fetchedAtMs ?? 0))
  return worst ?? { name, keys: [] }
}
