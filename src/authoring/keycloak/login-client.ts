/** The client that `login` names, beside the realm: without these settings nobody can log in, or log out properly. */
import type { LoginConfig } from '../../config/login-config.ts'
import type { Finding } from './finding.ts'
import type { Realm, RealmClient } from './realm.ts'

/** Scopes that every client may ask for. */
const ALWAYS = new Set(['openid'])

export function findLoginFaults(login: LoginConfig, { clients }: Realm): Finding[] {
  const client = clients.find(({ clientId }) => clientId === login.clientId)
  const findings: Finding[] = []
  const note = (code: Finding['code'], severity: Finding['severity'], message: string, mend: string): void => {
    findings.push({ code, severity, kind: 'client', name: login.clientId, message, mend })
  }
  if (client === undefined || !client.enabled) {
    const message = client === undefined ? 'the realm has no such client, so nobody can log in' : 'it is disabled'
    note('login-client-missing', 'error', message, 'make a client for the gateway alone, as in docs/sessions.md')
    return findings
  }
  if (client.publicClient || client.bearerOnly) {
    const message = 'it is no confidential client: the secret of login means nothing, and refresh tokens need none'
    note('login-client-public', 'error', message, 'switch "Client authentication" on')
  }
  if (!client.standardFlowEnabled) {
    note(
      'login-flow-off',
      'error',
      'it gets no authorization codes, so nobody can log in',
      'switch the standard flow on',
    )
  }
  checkAddresses(login, client, note)
  const own = new Set([...client.defaultClientScopes, ...client.optionalClientScopes])
  for (const scope of login.scopes.filter((name) => !own.has(name) && !ALWAYS.has(name))) {
    const message = `login asks for the scope ${scope}, which it does not have: Keycloak refuses the login`
    note('login-scope-unassigned', 'error', message, `add ${scope} to its optional client scopes`)
  }
  return findings
}

type Note = (code: Finding['code'], severity: Finding['severity'], message: string, mend: string) => void

function checkAddresses({ publicOrigin, path, afterLogout }: LoginConfig, client: RealmClient, note: Note): void {
  const callback = `${publicOrigin}${path}/callback`
  if (!isAllowed(callback, client.redirectUris, client)) {
    const mend = `add ${callback} to "Valid redirect URIs"`
    note('login-redirect', 'error', `${callback} is none of its redirect URIs: nobody can log in`, mend)
  }
  const end = publicOrigin + afterLogout
  if (!isAllowed(end, logoutUris(client), client)) {
    const mend = `add ${end} to "Valid post logout redirect URIs"`
    note('login-logout-redirect', 'warning', `${end} is none of its post logout redirect URIs`, mend)
  }
}

/** Keycloak compares byte for byte but for a "*" at the end; "/…" is below the client's root. */
function isAllowed(address: string, uris: readonly string[], { rootUrl }: RealmClient): boolean {
  return uris
    .map((uri) => (uri.startsWith('/') ? rootUrl + uri : uri))
    .some((uri) => (uri.endsWith('*') ? address.startsWith(uri.slice(0, -1)) : address === uri))
}

/** Nothing and "+" stand for the redirect URIs, "-" for none. */
function logoutUris({ attributes, redirectUris }: RealmClient): readonly string[] {
  const uris = (attributes['post.logout.redirect.uris'] ?? '').split('##').filter((uri) => uri !== '')
  return uris.length === 0
    ? redirectUris
    : uris.flatMap((uri) => (uri === '+' ? redirectUris : uri === '-' ? [] : [uri]))
}
