/** The door of this folder: from the token that a request presents to who may be asking. */
import type { IssuerConfig } from '../config/gateway-config.ts'
import type { AccessToken, Sha256 } from './access-token.ts'
import { candidatesFor, isAccepted } from './candidates.ts'
import { type Clock, systemClock } from './clock.ts'
import type { FetchDocument } from './fetch-document.ts'
import type { KeySource, KeySourceStatus } from './jwks.ts'
import { readJws } from './jws.ts'
import type { KeyName, KeySet } from './key-set.ts'
import { createKeySources, type KeySources } from './key-sources.ts'
import { createKnownSessions, readSession } from './known-sessions.ts'
import { createTokenCache } from './token-cache.ts'
import { verifyToken } from './verify-token.ts'

export interface Authenticator {
  /** A token that was verified before and is still good. `presented` may be anything. */
  recall(presented: string | undefined, accepted?: readonly string[]): AccessToken | undefined
  /**
   * Verifies an access token. `accepted` names the issuers whose tokens count here; undefined: all that are configured.
   * Answers synchronously for a token that was verified before. Throws or rejects with a GatewayError: `invalid_token`,
   * or `keys_unavailable` when the issuer's keys cannot be had. Scopes and roles are read, not judged.
   */
  authenticate(token: string, accepted?: readonly string[]): AccessToken | Promise<AccessToken>
  status(): readonly IssuerStatus[]
  /** Usable keys of each issuer, as far as they were had. */
  keys(): readonly { readonly issuer: string; readonly keys: readonly KeyName[] }[]
  /** Whether the keys of every issuer have been had once. */
  ready(): boolean
  /** Gives back the key sources. Requests under way still get their answer. */
  close(): Promise<void>
}

interface IssuerStatus extends KeySourceStatus {
  /** Name in the configuration. */
  readonly issuer: string
}

export interface AuthenticatorOptions {
  readonly issuers: ReadonlyMap<string, IssuerConfig>
  /** Those of the process; without them the authenticator has its own, and closes them. */
  readonly keySources?: KeySources
  readonly sha256: Sha256
  readonly clock?: Clock
  readonly fetch?: FetchDocument
}

interface Verified {
  readonly accessToken: AccessToken
  readonly source: KeySource
  readonly keySet: KeySet
}

/** One for each configuration: a reload begins with an empty token cache and, given `keySources`, with the keys at hand. */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { clock = systemClock, sha256, keySources = createKeySources(options) } = options
  const issuers = [...options.issuers.values()].map((config) => ({ config, source: keySources.acquire(config) }))
  const cache = createTokenCache<Verified>()
  const sessions = createKnownSessions()

  async function verify(token: string, accepted: readonly string[] | undefined): Promise<AccessToken> {
    const jws = readJws(token)
    const candidates = candidatesFor(jws.claims, issuers, accepted)
    const session = readSession(jws.claims, sha256)
    const caller = sessions.has(session) ? 'known' : 'stranger'
    let refusal: unknown
    for (const { config, source } of candidates) {
      try {
        const verified = { ...(await verifyToken(token, jws, config, source, { clock, sha256, caller })), source }
        cache.set(token, verified)
        sessions.add(session)
        return verified.accessToken
      } catch (error) {
        refusal ??= error
      }
    }
    throw refusal
  }

  function recall(presented: string | undefined, accepted: readonly string[] | undefined): AccessToken | undefined {
    const known = presented === undefined ? undefined : cache.get(presented)
    if (known === undefined || !isStillGood(known, clock)) return undefined
    return isAccepted(known.accessToken.issuer, accepted) ? known.accessToken : undefined
  }

  return {
    recall,
    authenticate: (token, accepted) => recall(token, accepted) ?? verify(token, accepted),
    status: () => issuers.map(({ config, source }) => ({ issuer: config.name, ...source.status() })),
    keys: () => issuers.map(({ config, source }) => ({ issuer: config.name, keys: source.held()?.keySet.names ?? [] })),
    ready: () => issuers.every(({ source }) => source.status().everLoaded),
    async close() {
      for (const { source } of issuers) keySources.release(source)
      if (options.keySources === undefined) await keySources.close()
    },
  }
}

/** Never past `exp`, nor past the removal of a key from the issuer's set, nor past the age up to which keys serve. */
function isStillGood({ accessToken, source, keySet }: Verified, clock: Clock): boolean {
  return clock.now() < accessToken.expiresAtMs && source.current() === keySet
}
