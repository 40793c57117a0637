/** The password grant (RFC 6749 section 4.3), for curl: oidc-provider rightly has none. Clients must allow it in the realm. */
import type { Context, Provider } from 'oidc-provider'
import { grantedScope, RESOURCE, resourceServerInfo } from './provider-configuration.ts'
import type { Realm } from './realm.ts'

type OidcProvider = typeof import('oidc-provider')

export function registerPasswordGrant(library: OidcProvider, provider: Provider, realm: Realm): void {
  provider.registerGrantType('password', (ctx) => handlePassword(library, provider, realm, ctx), [
    'username',
    'password',
    'scope',
  ])
}

async function handlePassword(library: OidcProvider, provider: Provider, realm: Realm, ctx: Context): Promise<void> {
  const { client, params } = ctx.oidc
  const user = realm.authenticate(params.username ?? '', params.password ?? '')
  if (user === undefined) throw new library.errors.InvalidGrant('Invalid user credentials')
  const scope = grantedScope(library, realm, client.clientId, params.scope)

  const grant = new provider.Grant({ accountId: user.id, clientId: client.clientId })
  grant.addOIDCScope(scope)
  grant.addResourceScope(RESOURCE, scope)
  const grantId = await grant.save()
  const source = { accountId: user.id, client, grantId, gty: 'password', scope }

  const access = new provider.AccessToken(source)
  access.resourceServer = new provider.ResourceServer(RESOURCE, resourceServerInfo(realm))
  const refresh = new provider.RefreshToken({ ...source, resource: RESOURCE, rotations: 0 })
  ctx.body = {
    access_token: await access.save(),
    expires_in: access.expiration,
    refresh_token: await refresh.save(),
    refresh_expires_in: realm.refreshTokenSeconds,
    token_type: 'Bearer',
    ...(scope.split(' ').includes('openid') ? { id_token: await idToken(provider, realm, ctx, grantId, scope) } : {}),
    scope,
  }
}

async function idToken(
  provider: Provider,
  realm: Realm,
  ctx: Context,
  grantId: string,
  scope: string,
): Promise<string> {
  const { client, params } = ctx.oidc
  const user = realm.authenticate(params.username ?? '', params.password ?? '')
  const claims = {
    sub: user?.id,
    typ: 'ID',
    azp: client.clientId,
    sid: grantId,
    acr: '1',
    preferred_username: user?.username,
  }
  const token = new provider.IdToken(claims, { ctx })
  token.scope = scope
  token.mask = {}
  token.rejected = []
  return token.issue({ use: 'idtoken' })
}
