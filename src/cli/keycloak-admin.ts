/** Reads a live realm through Keycloak's admin API. It only reads: `view-realm` and `view-clients` are enough. */
import { X509Certificate } from 'node:crypto'
import { z } from 'zod'
import { type Realm, RealmError, readRealm, type SigningKey } from '../authoring/keycloak/realm.ts'
import type { CommandIo } from './command-io.ts'

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

/** Both kinds, as far as the environment has them. */
export function credentialsFrom(env: CommandIo['env']): Credentials {
  return {
    clientId: env.KEYCLOAK_CLIENT_ID,
    clientSecret: env.KEYCLOAK_CLIENT_SECRET,
    username: env.KEYCLOAK_ADMIN,
    password: env.KEYCLOAK_ADMIN_PASSWORD,
  }
}

const TIMEOUT_MS = 10_000

type Get = (path: string) => Promise<unknown>

/** Rejects with a RealmError when Keycloak does not answer, or with something else than a realm. */
export async function fetchRealm({ url, realm }: RealmAddress, credentials: Credentials): Promise<Realm> {
  const token = await logIn(url, realm, credentials)
  const get: Get = async (path) => {
    const what = `/admin/realms/${realm}${path}`
    const response = await ask(`${url}${what}`, { headers: { Authorization: `Bearer ${token}` } })
    if (response.status === 403) {
      throw new RealmError(`these credentials may not read ${what}: they need the roles view-realm and view-clients`)
    }
    if (!response.ok) throw new RealmError(`${what} answers ${response.status}`)
    try {
      return await response.json()
    } catch {
      throw new RealmError(`${what} does not answer with JSON`)
    }
  }
  const [settings, clients, clientScopes, realmRoles, keys] = await Promise.all([
    get(''),
    get('/clients?max=10000'),
    get('/client-scopes'),
    get('/roles?max=10000'),
    get('/keys'),
  ])
  const json = { ...(settings as object), clients, clientScopes, signingKeys: readKeys(keys) }
  const found = readRealm({ ...json, roles: { realm: realmRoles } }).clients
  const clientRoles = await Promise.all(
    found.map(async ({ id = '', clientId }) => [clientId, await get(`/clients/${id}/roles?max=10000`)] as const),
  )
  return readRealm({ ...json, roles: { realm: realmRoles, client: Object.fromEntries(clientRoles) } })
}

const publicKey = z.object({
  algorithm: z.string().optional(),
  use: z.string().optional(),
  status: z.string().optional(),
  certificate: z.string().optional(),
})
const publicKeys = z.object({ keys: z.array(publicKey).default([]) })

/** Those that sign now. */
function readKeys(json: unknown): SigningKey[] {
  const { data } = publicKeys.safeParse(json)
  if (data === undefined) throw new RealmError('the keys of the realm cannot be read')
  return data.keys.filter(({ use, status }) => use === 'SIG' && status === 'ACTIVE').flatMap(toSigningKey)
}

/** Keycloak makes a certificate for an RSA key when it makes the key. Secret keys have none, and sign no access tokens. */
function toSigningKey({ algorithm, certificate }: z.infer<typeof publicKey>): SigningKey[] {
  if (algorithm === undefined || certificate === undefined) return []
  const { publicKey: key, validFromDate } = readCertificate(certificate, algorithm)
  const bits = key.asymmetricKeyDetails?.modulusLength
  return [{ algorithm, createdAt: validFromDate.toISOString(), ...(bits !== undefined && { bits }) }]
}

function readCertificate(base64: string, algorithm: string): X509Certificate {
  try {
    return new X509Certificate(Buffer.from(base64, 'base64'))
  } catch {
    throw new RealmError(`the certificate of the realm's ${algorithm} key cannot be read`)
  }
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
  throw new RealmError(`Keycloak refuses the credentials: ${response.status} ${answer.error ?? ''}`.trimEnd())
}

async function ask(url: string, options: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...options, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) })
  } catch (error) {
    const cause = (error as Error).cause as { code?: string } | undefined
    throw new RealmError(`${new URL(url).origin} cannot be reached: ${cause?.code ?? (error as Error).name}`)
  }
}
