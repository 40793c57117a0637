/** Least privilege: the scopes that clients hold, against those that let their requests through. */
import type { AllowLine } from '../config/gateway-config.ts'
import type { DecisionRecord } from '../observability/decision-record.ts'
import type { Replay } from './replay.ts'

/** What `scopegate usage --json` prints; its fields are documented in docs/commands.md. */
export interface Usage {
  readonly clients: readonly ClientUsage[]
  /** Requests with a token that could not be decided again exactly: what they needed is not known. */
  readonly unknown: number
  /** Allowed requests are a sample. */
  readonly isSampled: boolean
}

export interface ClientUsage {
  readonly issuer: string
  /** Absent: the tokens named no client. */
  readonly clientId?: string
  /** Requests with its tokens. */
  readonly requests: number
  readonly allowed: number
  /** Scopes in its tokens, sorted. */
  readonly held: readonly string[]
  /** Those of the lines that let its requests through, or will when what is only reported is in force. */
  readonly used: readonly string[]
  readonly unused: readonly string[]
  readonly routes: readonly { readonly route: string; readonly requests: number }[]
}

interface Client {
  readonly issuer: string
  readonly clientId: string | undefined
  requests: number
  allowed: number
  readonly held: Set<string>
  readonly used: Set<string>
  readonly routes: Map<string, number>
}

/** Takes records one by one; keeps one entry for each client. */
export function createUsage(replay: Replay) {
  const clients = new Map<string, Client>()
  let unknown = 0
  let isSampled = false

  function add(record: DecisionRecord): void {
    if (record.sample !== undefined) isSampled = true
    if (record.caller !== 'token') return
    const client = clientOf(clients, record)
    const scopes = new Set(record.scopes)
    client.requests += 1
    for (const scope of scopes) client.held.add(scope)
    const replayed = replay(record)
    if (replayed.outcome === 'unknown') unknown += 1
    if (replayed.outcome !== 'allowed') return
    client.allowed += 1
    const { route, lines } = replayed
    client.routes.set(route.path, (client.routes.get(route.path) ?? 0) + 1)
    for (const scope of lines.flatMap((line) => needed(line, scopes))) client.used.add(scope)
  }

  return {
    add,
    result: (): Usage => ({ clients: [...clients.values()].map(toUsage).sort(byRequests), unknown, isSampled }),
  }
}

function clientOf(clients: Map<string, Client>, { issuer = '', clientId }: DecisionRecord): Client {
  const key = JSON.stringify([issuer, clientId])
  const known = clients.get(key)
  if (known !== undefined) return known
  const client: Client = {
    ...{ issuer, clientId, requests: 0, allowed: 0 },
    ...{ held: new Set<string>(), used: new Set<string>(), routes: new Map<string, number>() },
  }
  clients.set(key, client)
  return client
}

/** Where any of several will do, the first one that is held. */
function needed({ scopes }: AllowLine, held: ReadonlySet<string>): readonly string[] {
  if (scopes === undefined) return []
  return scopes.match === 'all' ? scopes.values : scopes.values.filter((scope) => held.has(scope)).slice(0, 1)
}

function toUsage({ issuer, clientId, requests, allowed, held, used, routes }: Client): ClientUsage {
  return {
    issuer,
    ...(clientId !== undefined && { clientId }),
    ...{ requests, allowed },
    held: [...held].sort(),
    used: [...used].sort(),
    unused: [...held].filter((scope) => !used.has(scope)).sort(),
    routes: [...routes].map(([route, count]) => ({ route, requests: count })).sort(byRequests),
  }
}

function byRequests(a: { readonly requests: number }, b: { readonly requests: number }): number {
  return b.requests - a.requests
}
