/** Reads a live realm through Keycloak's admin API. It only reads: `view-realm` and `view-clients` are enough. */
import { X509Certificate } from 'node:crypto'
import { type Realm, readRealm, type SigningKey } from '../authoring/keycloak/realm.ts'

export interface RealmAddress {
  /** Where Keycloak is reached: `http://keycloak:8080`. */
  readonly url: string
  readonly realm: string
}

/** Either a confidential client of the realm with a service account, or an administrator of the realm `master`. */
export interface Credentials {
  readonly clientId?: string | undefined
  readonly clientSecret?: string | undefined
  readonly username?: string | undefined
  readonly password?: string | undefined
}

const TIMEOUT_MS = 10_000

type Get = (path: string) => Promise<unknown>

/** Rejects with an Error whose text is for people and holds no credential. */
export async function fetchRealm({ url, realm }: RealmAddress, credentials: Credentials): Promise<Realm> {
  const token = await logIn(url, realm, credentials)
  const get: Get = async (path) => {
    const what = `/admin/realms/${realm}${path}`
    const response = await ask(`${url}${what}`, { headers: { Authorization: `Bearer ${token}` } })
    if (response.status === 403) {
      throw new Error(`these credentials may not read ${what}: they need the roles view-realm and view-clients`)
    }
    if (!response.ok) throw new Error(`${what} answers ${response.status}`)
    return response.json()
  }
  const [settings, clients, clientScopes, realmRoles, keys] = await Promise.all([
    get(''),
    get('/clients?max=10000') as Promise<{ id: string; clientId: string }[]>,
    get('/client-scopes'),
    get('/roles?max=10000'),
    get('/keys') as Promise<{ keys?: PublicKey[] }>,
  ])
  const clientRoles = await Promise.all(
    clients.map(async ({ id, clientId }) => [clientId, await get(`/clients/${id}/roles?max=10000`)] as const),
  )
  return readRealm({
    ...(settings as object),
    clients,
    clientScopes,
    roles: { realm: realmRoles, client: Object.fromEntries(clientRoles) },
    signingKeys: (keys.keys ?? [])
      .filter(({ use, status }) => use === 'SIG' && status === 'ACTIVE')
      .flatMap(toSigningKey),
  })
}

interface PublicKey {
  readonly algorithm?: string
  readonly use?: string
  readonly status?: string
  readonly certificate?: string
}

/** Keycloak makes a certificate for an RSA key when it makes the key. Secret keys have none, and sign no access tokens. */
function toSigningKey({ algorithm, certificate }: PublicKey): SigningKey[] {
  if (algorithm === undefined || certificate === undefined) return []
  const { publicKey, validFromDate } = new X509Certificate(Buffer.from(certificate, 'base64'))
  const bits = publicKey.asymmetricKeyDetails?.modulusLength
  return [{ algorithm, createdAt: validFromDate.toISOString(), ...(bits !== undefined && { bits }) }]
}

async function logIn(url: string, realm: string, credentials: Credentials): Promise<string> {
  const { clientId, clientSecret, username, password } = credentials
  const isClient = Boolean(clientId && clientSecret)
  const body = new URLSearchParams(
    isClient
      ? { grant_type: 'client_credentials', client_id: clientId ?? '', client_secret: clientSecret ?? '' }
      : { grant_type: 'password', client_id: 'admin-cli', username: username ?? '', password: password ?? '' },
  )
  const where = `/realms/${isClient ? realm : 'master'}/protocol/openid-connect/token`
  const response = await ask(`${url}${where}`, { method: 'POST', body })
  const answer = (await response.json().catch(() => ({}))) as { access_token?: string; error?: string }
  if (answer.access_token !== undefined) return answer.access_token
  throw new Error(`Keycloak refuses the credentials: ${response.status} ${answer.error ?? ''}`.trimEnd())
}

async function ask(url: string, options: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...options, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) })
  } catch (error) {
    const cause = (error as Error).cause as { code?: string } | undefined
    throw new Error(`${new URL(url).origin} cannot be reached: ${cause?.code ?? (error as Error).name}`)
  }
}
