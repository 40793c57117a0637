/** Clients of the realm in the words of OpenID Connect Dynamic Client Registration, as oidc-provider reads them. */
import type { RealmClient } from './realm.ts'

export function clientMetadata(client: RealmClient): object {
  const login = client.standardFlowEnabled === true
  const password = client.directAccessGrantsEnabled === true
  return {
    client_id: client.clientId,
    ...(client.publicClient === true ? {} : { client_secret: client.secret }),
    token_endpoint_auth_method: client.publicClient === true ? 'none' : 'client_secret_basic',
    grant_types: [
      ...(login ? ['authorization_code'] : []),
      ...(password ? ['password'] : []),
      ...(login || password ? ['refresh_token'] : []),
      ...(client.serviceAccountsEnabled === true ? ['client_credentials'] : []),
    ],
    response_types: login ? ['code'] : [],
    redirect_uris: login ? client.redirectUris : [],
    post_logout_redirect_uris: client.attributes?.['post.logout.redirect.uris']?.split('##') ?? [],
  }
}

/** Origins from which a page may call; `+` stands for those of the redirect URIs. */
export function webOrigins(client: RealmClient | undefined): readonly string[] {
  const origins = client?.webOrigins ?? []
  if (!origins.includes('+')) return origins
  return [...origins, ...(client?.redirectUris ?? []).flatMap((uri) => URL.parse(uri)?.origin ?? [])]
}

/** Public clients always need PKCE (RFC 9700 section 2.1.1); others where the realm says so. */
export function needsPkce(client: RealmClient | undefined): boolean {
  return client?.publicClient === true || client?.attributes?.['pkce.code.challenge.method'] === 'S256'
}
