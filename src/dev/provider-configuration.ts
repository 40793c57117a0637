/** Configuration of oidc-provider that makes it answer where, and with what, Keycloak would. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import type { Account, Context, Token } from 'oidc-provider'
import { clientMetadata, needsPkce, webOrigins } from './client-metadata.ts'
import { accessTokenClaims, personClaims } from './keycloak-claims.ts'
import { createMemoryAdapter } from './memory-adapter.ts'
import { escapeHtml, page, pageHeaders } from './pages.ts'
import type { Realm } from './realm.ts'
import { scopeClaim } from './realm.ts'

type OidcProvider = typeof import('oidc-provider')

/** oidc-provider signs JWT access tokens for resource servers only; this one stands for everything in the realm. */
export const RESOURCE = 'urn:scopegate:development'

/** Session of a token: the login's, or the grant's where there was no login page. */
export function sessionOf(token: Pick<Token, 'sessionUid' | 'grantId'> | undefined): string | undefined {
  return token?.sessionUid ?? token?.grantId
}

/** What the client gets for its `scope` parameter: its default scopes too. Throws invalid_scope (RFC 6749 section 5.2). */
export function grantedScope(library: OidcProvider, realm: Realm, clientId: string, parameter = ''): string {
  const requested = parameter.split(' ')
  const scopes = realm.grantedScopes(clientId, requested)
  if (scopes === undefined) throw new library.errors.InvalidScope(`Invalid scopes: ${parameter}`, parameter)
  return scopeClaim(scopes, requested)
}

export function resourceServerInfo(realm: Realm) {
  return {
    scope: ['openid', ...realm.scopeNames].join(' '),
    audience: RESOURCE,
    accessTokenFormat: 'jwt',
    accessTokenTTL: realm.accessTokenSeconds,
    jwt: { sign: { alg: 'RS256' } },
  }
}

/** `base` is the path of the realm, such as `/realms/shop`. */
export function providerConfiguration(library: OidcProvider, realm: Realm, issuer: string, base: string): object {
  const cookie = { httpOnly: true, sameSite: 'lax', signed: true }
  const policy = library.interactionPolicy.base()
  policy.remove('consent') // the realm's own clients: Keycloak asks for no consent either
  return {
    adapter: createMemoryAdapter(),
    jwks: { keys: [newSigningKey()] },
    cookies: { keys: [randomBytes(32).toString('base64url')], long: cookie, short: cookie },
    routes: routes(),
    discovery: {
      userinfo_endpoint: `${issuer}/protocol/openid-connect/userinfo`,
      revocation_endpoint: `${issuer}/protocol/openid-connect/revoke`,
    },
    clients: realm.clients.map(clientMetadata),
    clientBasedCORS: (ctx: Context, origin: string, client: { clientId: string }) => {
      const isAllowed = webOrigins(realm.client(client.clientId)).includes(origin)
      // keycloak-js asks for tokens with cookies, and Keycloak allows that.
      if (isAllowed) ctx.set({ 'Access-Control-Allow-Credentials': 'true' })
      return isAllowed
    },
    scopes: ['openid', ...realm.scopeNames],
    claims: {
      openid: ['sub', 'typ', 'azp', 'sid', 'acr'],
      profile: ['name', 'preferred_username', 'given_name', 'family_name'],
      email: ['email', 'email_verified'],
    },
    responseTypes: ['code'],
    pkce: { required: (_ctx: Context, client: { clientId: string }) => needsPkce(realm.client(client.clientId)) },
    ttl: lifetimes(realm),
    rotateRefreshToken: true,
    issueRefreshToken: (_ctx: Context, client: { grantTypeAllowed(type: string): boolean }) =>
      client.grantTypeAllowed('refresh_token'),
    expiresWithSession: () => true,
    findAccount: (ctx: Context, id: string, source?: Token) => findAccount(realm, ctx, id, source),
    loadExistingGrant: loadGrant,
    interactions: {
      policy,
      url: (_ctx: Context, { uid }: { uid: string }) => `${base}/login-actions/authenticate/${uid}`,
    },
    formats: { customizers: { jwt: keycloakShape(realm, issuer) } },
    features: features(library, realm),
    renderError: (ctx: Context, out: Record<string, string>) =>
      renderPage(ctx, 'Request refused', [out.error, out.error_description].filter(Boolean).join(': ')),
  }
}

/** Our own clients need no consent: the grant is what they ask for. */
async function loadGrant(ctx: Context) {
  const { client, params, session, account } = ctx.oidc
  const known = session.grantIdFor(client.clientId)
  const found = known === undefined ? undefined : await ctx.oidc.provider.Grant.find(known)
  const grant = found ?? new ctx.oidc.provider.Grant({ accountId: account.accountId, clientId: client.clientId })
  grant.addOIDCScope(params.scope ?? '')
  grant.addResourceScope(RESOURCE, params.scope ?? '')
  await grant.save()
  return grant
}

function features(library: OidcProvider, realm: Realm): object {
  const off = { enabled: false }
  return {
    devInteractions: off,
    dPoP: off,
    pushedAuthorizationRequests: off,
    userinfo: off, // ours reads JWT access tokens; the library's reads only opaque ones
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => RESOURCE,
      useGrantedResource: () => true,
      getResourceServerInfo(ctx: Context, resource: string) {
        if (resource !== RESOURCE) throw new library.errors.InvalidTarget()
        const { params, client } = ctx.oidc
        params.scope = grantedScope(library, realm, client.clientId, params.scope)
        return resourceServerInfo(realm)
      },
    },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx: Context, form: string) => {
        const back = URL.parse(ctx.oidc.params.post_logout_redirect_uri ?? '')?.origin
        renderPage(
          ctx,
          'Log out',
          '',
          `${form}<button form="op.logoutForm" name="logout" value="yes">Log out</button>`,
          back === undefined ? [] : [back],
        )
      },
      postLogoutSuccessSource: (ctx: Context) => renderPage(ctx, 'You are logged out', ''),
    },
  }
}

function routes(): Record<string, string> {
  const base = '/protocol/openid-connect'
  return {
    authorization: `${base}/auth`,
    token: `${base}/token`,
    jwks: `${base}/certs`,
    end_session: `${base}/logout`,
  }
}

function lifetimes(realm: Realm): Record<string, number> {
  const session = realm.refreshTokenSeconds
  return {
    AccessToken: realm.accessTokenSeconds,
    ClientCredentials: realm.accessTokenSeconds,
    IdToken: realm.accessTokenSeconds,
    AuthorizationCode: 60,
    RefreshToken: session,
    Grant: 36_000,
    Session: 36_000,
    Interaction: 1800,
  }
}

/** Claims for ID tokens; oidc-provider keeps those that the scopes allow. */
function findAccount(realm: Realm, ctx: Context, id: string, source?: Token): Account | undefined {
  const user = realm.user(id)
  if (user === undefined) return undefined
  const { clientId } = ctx.oidc.client
  const scopes = ['profile', 'email'].map((name) => ({ name }))
  return {
    accountId: id,
    claims: () => ({
      sub: id,
      typ: 'ID',
      azp: clientId,
      sid: sessionOf(source),
      acr: '1',
      ...personClaims(user, scopes),
    }),
  }
}

interface JwtParts {
  header?: object
  payload: { iat: number; exp: number }
}

/** Rewrites every access token. A realm without any audience mapper cannot be served: oidc-provider demands `aud`. */
function keycloakShape(realm: Realm, issuer: string) {
  return (ctx: Context, token: Token, jwt: JwtParts): void => {
    const requested = (token.scope ?? '').split(' ')
    const user = token.accountId === undefined ? realm.serviceAccount(token.clientId) : realm.user(token.accountId)
    const scopes = realm.grantedScopes(token.clientId, requested)
    if (user === undefined || scopes === undefined) throw new Error('A token for somebody who is not in the realm file')
    const session = sessionOf(token)
    const authTime = (ctx.oidc.entities.AuthorizationCode ?? ctx.oidc.entities.RefreshToken)?.authTime
    jwt.header = { typ: 'JWT' }
    jwt.payload = accessTokenClaims(realm, {
      issuer,
      clientId: token.clientId,
      user,
      scopes,
      scope: scopeClaim(scopes, requested),
      grantType: token.kind === 'ClientCredentials' ? 'client_credentials' : (token.gty ?? ''),
      ...(session === undefined ? {} : { sessionId: session }),
      ...(authTime === undefined ? {} : { authTime }),
      issuedAt: jwt.payload.iat,
      expiresAt: jwt.payload.exp,
    }) as unknown as JwtParts['payload']
  }
}

function newSigningKey(): object {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' }
}

function renderPage(ctx: Context, title: string, text: string, form = '', formTargets: readonly string[] = []): void {
  ctx.set(pageHeaders(formTargets))
  ctx.body = page(title, `<p>${escapeHtml(text)}</p>${form}`)
}
