/** A real token on its way into an explanation: its signature is checked where the keys can be had. */
import { hash } from 'node:crypto'
import { createAuthenticator } from '../authentication/authenticate.ts'
import { createKeySources } from '../authentication/key-sources.ts'
import type { Caller } from '../authoring/simulate.ts'
import { readUnverifiedToken } from '../authoring/unverified-token.ts'
import type { GatewayConfig, IssuerConfig } from '../config/gateway-config.ts'
import { GatewayError } from '../errors.ts'

export interface CheckedToken {
  readonly caller: Caller
  /** In words: `checked`, or `not checked: ` and why. */
  readonly signature: string
}

export interface TokenCheckOptions {
  /** A JWKS, in place of what the issuer publishes. */
  readonly jwks?: Uint8Array<ArrayBuffer>
  /** Asks nobody for keys. */
  readonly offline: boolean
}

/** Never rejects for what the token is: that is part of the answer. `accepted` as the route has it. */
export async function checkToken(
  config: GatewayConfig,
  token: string,
  accepted: readonly string[] | undefined,
  { jwks, offline }: TokenCheckOptions,
): Promise<CheckedToken> {
  if (jwks === undefined && offline) return unchecked(config, token, 'not checked: --offline')
  const keySources = createKeySources(jwks === undefined ? {} : { fetch: async () => jwks })
  const issuers = new Map([...config.issuers].map(([name, issuer]) => [name, jwks ? withKeys(issuer) : issuer]))
  const authenticator = createAuthenticator({
    issuers: onlyAccepted(issuers, accepted),
    keySources,
    sha256: (text) => hash('sha256', text, 'base64url'),
  })
  try {
    const verified = await authenticator.authenticate(token, accepted)
    return { caller: () => verified, signature: 'checked' }
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'keys_unavailable')
      return { caller: thrower(error), signature: 'checked' }
    return unchecked(config, token, 'not checked: the keys of the issuer cannot be had')
  } finally {
    await authenticator.close()
    await keySources.close()
  }
}

function unchecked(config: GatewayConfig, token: string, signature: string): CheckedToken {
  return { caller: (accepted) => readUnverifiedToken(config, token, accepted, Date.now()), signature }
}

/** With an address for its keys, so that nobody is asked where they are. */
function withKeys(issuer: IssuerConfig): IssuerConfig {
  return { ...issuer, jwks: issuer.issuer }
}

/** Nobody else is asked for keys. */
function onlyAccepted(
  issuers: ReadonlyMap<string, IssuerConfig>,
  accepted: readonly string[] | undefined,
): ReadonlyMap<string, IssuerConfig> {
  return new Map([...issuers].filter(([name]) => accepted === undefined || accepted.includes(name)))
}

function thrower(error: unknown): Caller {
  return () => {
    throw error
  }
}
