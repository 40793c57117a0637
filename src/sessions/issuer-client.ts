/** The client of the authorization server: OpenID Connect Core, PKCE, RFC 9207, RFC 7009, RP-initiated logout; through `openid-client`. */
import {
  AuthorizationResponseError,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  ClientSecretBasic,
  type Configuration,
  calculatePKCECodeChallenge,
  clockTolerance,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  ResponseBodyError,
  refreshTokenGrant,
  type TokenEndpointResponse,
  type TokenEndpointResponseHelpers,
  tokenRevocation,
} from 'openid-client'
import type { LoginConfig } from '../config/login-config.ts'
import { GatewayError } from '../errors.ts'
import { fetchCapped } from './fetch-capped.ts'
import type { Transaction } from './transaction.ts'

export interface TokenSet {
  readonly accessToken: string
  readonly expiresInMs: number
  readonly refreshToken?: string
  readonly idToken?: string
  /** Claims of `idToken`, which was verified. */
  readonly subject?: string
}

export interface IssuerClient {
  /** Where a browser begins this login. */
  authorizationUrl(transaction: Transaction): Promise<string>
  /**
   * The tokens for a callback. `query` is that of its URL, with or without `?`. Rejects with `login_failed` when state, nonce,
   * issuer, code or ID token do not belong to this login, or the authorization server refused it.
   */
  redeem(query: string, transaction: Transaction): Promise<TokenSet>
  /** New tokens, or undefined: the authorization server has ended the session. */
  refresh(refreshToken: string): Promise<TokenSet | undefined>
  /** Makes a refresh token worthless (RFC 7009). Does nothing at a server that has no way to. */
  revoke(refreshToken: string): Promise<void>
  /** Where a browser ends its session at the authorization server; undefined: it has no such page. */
  logoutUrl(idToken: string): Promise<string | undefined>
}

type Answer = TokenEndpointResponse & TokenEndpointResponseHelpers

const TIMEOUT_SECONDS = 5
/** Of an access token about which the server says nothing. */
const UNKNOWN_LIFETIME_SECONDS = 60

/** Everything rejects with `login_unavailable` when the authorization server cannot be reached or answers nonsense. */
export function createIssuerClient(login: LoginConfig): IssuerClient {
  let known: Promise<Configuration> | undefined
  const redirectUri = `${login.publicOrigin}${login.path}/callback`

  function configuration(): Promise<Configuration> {
    known ??= discover(login).catch((error: unknown) => {
      known = undefined
      throw error
    })
    return known
  }

  return {
    authorizationUrl: (transaction) =>
      orUnavailable(async () => {
        const parameters = {
          redirect_uri: redirectUri,
          scope: login.scopes.join(' '),
          state: transaction.state,
          nonce: transaction.nonce,
          code_challenge: await calculatePKCECodeChallenge(transaction.verifier),
          code_challenge_method: 'S256',
        }
        return buildAuthorizationUrl(await configuration(), parameters).href
      }),
    redeem: (query, { state, nonce, verifier }) =>
      orUnavailable(async () => {
        const url = new URL(redirectUri)
        url.search = query
        const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true }
        return toTokenSet(await authorizationCodeGrant(await configuration(), url, checks).catch(refuseLogin))
      }),
    refresh: (refreshToken) =>
      orUnavailable(async () => {
        const answer = await refreshTokenGrant(await configuration(), refreshToken).catch(unlessEnded)
        return answer && toTokenSet(answer)
      }),
    revoke: (refreshToken) =>
      orUnavailable(async () => {
        const server = await configuration()
        if (server.serverMetadata().revocation_endpoint === undefined) return
        await tokenRevocation(server, refreshToken, { token_type_hint: 'refresh_token' })
      }),
    logoutUrl: (idToken) =>
      orUnavailable(async () => {
        const server = await configuration()
        if (server.serverMetadata().end_session_endpoint === undefined) return undefined
        const parameters = { id_token_hint: idToken, post_logout_redirect_uri: login.publicOrigin + login.afterLogout }
        return buildEndSessionUrl(server, parameters).href
      }),
  }
}

async function discover({ issuer, discovery: address, clientId, clientSecret }: LoginConfig): Promise<Configuration> {
  const server = new URL(address ?? `${issuer.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  const [algorithm] = issuer.algorithms
  const isInsecure = server.protocol === 'http:' || issuer.issuer.startsWith('http:')
  const metadata = {
    [clockTolerance]: Math.ceil(issuer.clockSkewMs / 1000),
    ...(algorithm !== undefined && issuer.algorithms.length === 1 && { id_token_signed_response_alg: algorithm }),
  }
  const found = await discovery(server, clientId, metadata, ClientSecretBasic(clientSecret), {
    [customFetch]: fetchCapped,
    timeout: TIMEOUT_SECONDS,
    // ID tokens are checked by their signatures as well, for between here and an internal address there may be no TLS.
    execute: [enableNonRepudiationChecks, ...(isInsecure ? [allowInsecureRequests] : [])],
  })
  const { issuer: name, authorization_endpoint: page = '', end_session_endpoint: end } = found.serverMetadata()
  // Metadata that came from an internal address must be that of the issuer, and browsers are sent to no other place.
  if (name !== issuer.issuer) throw new Error('the metadata is of another issuer')
  const isSafe = (url: string) => !issuer.issuer.startsWith('https:') || url.startsWith('https:')
  if (!isSafe(page) || (end !== undefined && !isSafe(end))) throw new Error('a page of the issuer is not at https')
  return found
}

function toTokenSet(answer: Answer): TokenSet {
  const { access_token: accessToken, refresh_token: refreshToken, id_token: idToken } = answer
  if (answer.token_type.toLowerCase() !== 'bearer') throw new Error('the access token is no bearer token')
  const subject = answer.claims()?.sub
  return {
    accessToken,
    expiresInMs: (answer.expiresIn() ?? UNKNOWN_LIFETIME_SECONDS) * 1000,
    ...(refreshToken !== undefined && { refreshToken }),
    ...(idToken !== undefined && { idToken }),
    ...(subject !== undefined && { subject }),
  }
}

/** Codes of `openid-client` for answers that do not belong to this login. */
const REFUSALS = /^OAUTH_(?:INVALID_RESPONSE|JWT_|JSON_ATTRIBUTE|KEY_SELECTION|PARSE)/

function refuseLogin(error: unknown): never {
  if (error instanceof AuthorizationResponseError) throw loginFailed(`issuer_says_${word(error.error)}`)
  if (error instanceof ResponseBodyError && error.status < 500) throw loginFailed(`code_${word(error.error)}`)
  const { code } = error as { code?: unknown }
  if (typeof code === 'string' && REFUSALS.test(code)) throw loginFailed('login_mismatch', error)
  throw error
}

/** RFC 6749 section 5.2: the refresh token is expired, revoked or was used before. */
function unlessEnded(error: unknown): undefined {
  if (error instanceof ResponseBodyError && error.error === 'invalid_grant') return undefined
  throw error
}

/** An error code of the other side as a word of ours: there are few, and nobody else may invent more. */
function word(code: string): string {
  return KNOWN_ERRORS.has(code) ? code : 'other'
}

const KNOWN_ERRORS: ReadonlySet<string> = new Set([
  ...['access_denied', 'invalid_grant', 'invalid_client', 'invalid_request', 'invalid_scope', 'unauthorized_client'],
  ...['login_required', 'consent_required', 'interaction_required', 'temporarily_unavailable', 'server_error'],
])

function loginFailed(reason: string, error?: unknown): GatewayError {
  return new GatewayError('login_failed', reason, {}, error === undefined ? undefined : namesOnly(error))
}

async function orUnavailable<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof GatewayError) throw error
    throw new GatewayError('login_unavailable', 'issuer_unavailable', {}, namesOnly(error))
  }
}

/** The library hangs whole answers on its errors, tokens included: only names and codes get to the log. */
function namesOnly(error: unknown): Error {
  const names: string[] = []
  for (let at = error; at instanceof Error && names.length < 4; at = at.cause) {
    const { code } = at as Error & { code?: unknown }
    names.push(typeof code === 'string' ? `${at.name} ${code}` : at.name)
  }
  return new Error(names.join(': ') || 'unknown')
}
