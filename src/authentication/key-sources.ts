import type { IssuerConfig } from '../config/gateway-config.ts'
import { type Clock, systemClock } from './clock.ts'
import { createDocumentFetcher, type FetchDocument } from './fetch-document.ts'
import { createKeySource, type KeySource, type KeySourceOptions } from './jwks.ts'
import { KeyFetchError } from './key-fetch-error.ts'
import { importKeySet, type KeySet } from './key-set.ts'

/**
 * The key sources of a process, which outlive reloads: issuers with the same address, keys and algorithm settings share
 * one. Where only the times of `keys` differ, a new source begins with the keys of the old one. So a reload while the issuer
 * is down loses nothing, not even one that makes keys serve longer.
 */
export interface KeySources {
  /** The source for these settings; a new one begins to fetch at once. Each call needs one `release`. */
  acquire(issuer: IssuerConfig): KeySource
  /** Ends a source that nobody else holds. */
  release(source: KeySource): void
  /** Ends everything at once, fetches under way included. */
  close(): Promise<void>
}

export interface KeySourcesOptions {
  readonly clock?: Clock
  readonly fetch?: FetchDocument
  /** Told of each fetch: the `iss` it was for, and why it failed. */
  readonly onFetch?: (issuer: string, failure?: KeyFetchError) => void
}

interface Shared {
  readonly id: string
  /** Equal for sources whose keys are the same. */
  readonly origin: string
  readonly source: KeySource
  holders: number
}

export function createKeySources(options: KeySourcesOptions = {}): KeySources {
  const { clock = systemClock, onFetch } = options
  const fetcher = options.fetch === undefined ? createDocumentFetcher() : undefined
  const fetch = options.fetch ?? (fetcher as NonNullable<typeof fetcher>).fetch
  const byId = new Map<string, Shared>()

  return {
    acquire(issuer) {
      const id = JSON.stringify([issuer.issuer, issuer.jwks, issuer.keys, issuer.algorithms])
      const origin = JSON.stringify([issuer.issuer, issuer.jwks, issuer.algorithms])
      const shared = byId.get(id) ?? { id, origin, source: open(issuer, latestOf(origin)), holders: 0 }
      shared.holders++
      byId.set(id, shared)
      return shared.source
    },
    release(source) {
      for (const shared of byId.values()) {
        if (shared.source !== source || --shared.holders > 0) continue
        byId.delete(shared.id)
        source.close()
      }
    },
    async close() {
      for (const { source } of byId.values()) source.close()
      byId.clear()
      await fetcher?.close()
    },
  }

  function latestOf(origin: string): KeySourceOptions['held'] {
    const held = [...byId.values()].flatMap((shared) => (shared.origin === origin ? (shared.source.held() ?? []) : []))
    return held.sort((a, b) => b.fetchedAtMs - a.fetchedAtMs)[0]
  }

  function open(issuer: IssuerConfig, held: KeySourceOptions['held']): KeySource {
    return createKeySource({
      ...issuer.keys,
      clock,
      held,
      load: createLoader(issuer, fetch, clock),
      ...(onFetch && { onFetch: (failure?: KeyFetchError) => onFetch(issuer.issuer, failure) }),
    })
  }
}

/** Fetches from `jwks`, or from where discovery says, which is asked again after `freshFor` and after any failure. */
function createLoader(issuer: IssuerConfig, fetch: FetchDocument, clock: Clock) {
  let known: { readonly url: string; readonly sinceMs: number } | undefined

  async function locate(signal: AbortSignal): Promise<string> {
    if (issuer.jwks !== undefined) return issuer.jwks
    const isFresh = known !== undefined && Math.abs(clock.now() - known.sinceMs) < issuer.keys.freshForMs
    if (known !== undefined && isFresh) return known.url
    const sinceMs = clock.now()
    // openid-client is for issuers whose `jwks` the file does not name.
    const { discoverJwksUri } = await import('./discovery.ts')
    known = { url: await discoverJwksUri(issuer.issuer, fetch, signal), sinceMs }
    return known.url
  }

  return async (signal: AbortSignal): Promise<KeySet> => {
    try {
      const bytes = await fetch(await locate(signal), signal)
      return await importKeySet(parseJson(bytes), issuer.algorithms)
    } catch (error) {
      known = undefined
      throw error
    }
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw new KeyFetchError('malformed', error)
  }
}
