/** Keycloak's admin API, as far as tests need it. */
import type { KeycloakAddress } from './keycloak.ts'

export interface Admin {
  /** `path` starts behind /admin/realms; throws unless the answer is 2xx. */
  request(method: string, path: string, body?: unknown): Promise<Response>
}

export interface RealmAdmin {
  readonly name: string
  /** Issuer identifier. */
  readonly issuer: string
  /** Adds an RSA key that signs from now on; the old ones stay in the JWKS. */
  addSigningKey(): Promise<void>
  /** Deletes every RSA signing key but the active one; their `kid`s are gone from the JWKS. */
  dropOldSigningKeys(): Promise<void>
  /** Disables every RSA signing key but the active one, which takes their `kid`s from the JWKS as well. */
  disableOldSigningKeys(): Promise<void>
  createUser(user: { username: string; password: string; realmRoles?: readonly string[] }): Promise<string>
  userId(username: string): Promise<string>
  /** Lifetime of the access tokens of one client, in seconds; `undefined`: that of the realm. */
  setTokenLifespan(clientId: string, seconds: number | undefined): Promise<void>
  setClientAttributes(clientId: string, attributes: Readonly<Record<string, string | undefined>>): Promise<void>
  /** Removes a lock by brute-force protection. */
  unlock(userId: string): Promise<void>
  get<T>(path: string): Promise<T>
  request: Admin['request']
  delete(): Promise<void>
}

export function keycloakAdmin({ url, adminUser, adminPassword }: KeycloakAddress): Admin {
  let token: { value: string; until: number } | undefined

  async function accessToken(): Promise<string> {
    if (token !== undefined && token.until > Date.now()) return token.value
    const body = new URLSearchParams({
      grant_type: 'password',
      client_id: 'admin-cli',
      username: adminUser,
      password: adminPassword,
    })
    const response = await fetch(`${url}/realms/master/protocol/openid-connect/token`, { method: 'POST', body })
    if (!response.ok) throw new Error(`Keycloak refuses its administrator: ${response.status}`)
    const { access_token: value } = (await response.json()) as { access_token: string }
    token = { value, until: Date.now() + 30_000 }
    return value
  }

  return {
    async request(method, path, body) {
      const response = await fetch(`${url}/admin/realms${path}`, {
        method,
        headers: { Authorization: `Bearer ${await accessToken()}`, 'Content-Type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
      return response
    },
  }
}

interface Component {
  readonly id: string
  readonly providerId: string
  readonly config: Record<string, string[]>
}

export function createRealmAdmin(url: string, admin: Admin, name: string): RealmAdmin {
  const request: Admin['request'] = (method, path, body) => admin.request(method, `/${name}${path}`, body)
  const get = async <T>(path: string) => (await (await request('GET', path)).json()) as T

  const signingKeys = async () => {
    const components = await get<Component[]>('/components?type=org.keycloak.keys.KeyProvider')
    const priority = (component: Component) => Number(component.config.priority?.[0] ?? 0)
    return components
      .filter(({ providerId }) => providerId === 'rsa-generated')
      .sort((a, b) => priority(b) - priority(a))
      .map((component) => ({ id: component.id, priority: priority(component) }))
  }

  async function setClientAttributes(clientId: string, attributes: Readonly<Record<string, string | undefined>>) {
    const [client] = await get<{ id: string; attributes: object }[]>(`/clients?clientId=${clientId}`)
    const cleared = Object.entries(attributes).map(([key, value]) => [key, value ?? ''])
    const merged = { ...client?.attributes, ...Object.fromEntries(cleared) }
    await request('PUT', `/clients/${client?.id}`, { ...client, attributes: merged })
  }

  async function userId(username: string) {
    const [user] = await get<{ id: string }[]>(`/users?exact=true&username=${encodeURIComponent(username)}`)
    if (user === undefined) throw new Error(`No user ${username} in ${name}`)
    return user.id
  }

  return {
    name,
    issuer: `${url}/realms/${name}`,
    request,
    get,
    userId,
    setClientAttributes,
    async addSigningKey() {
      const { id: parentId } = await get<{ id: string }>('')
      const top = (await signingKeys())[0]?.priority ?? 100
      const config = {
        priority: [`${top + 1}`],
        enabled: ['true'],
        active: ['true'],
        algorithm: ['RS256'],
        keySize: ['2048'],
      }
      const provider = { providerId: 'rsa-generated', providerType: 'org.keycloak.keys.KeyProvider' }
      await request('POST', '/components', { name: `rsa-${top + 1}`, ...provider, parentId, config })
    },
    async dropOldSigningKeys() {
      for (const { id } of (await signingKeys()).slice(1)) await request('DELETE', `/components/${id}`)
    },
    async disableOldSigningKeys() {
      for (const { id } of (await signingKeys()).slice(1)) {
        const component = await get<Component>(`/components/${id}`)
        const config = { ...component.config, enabled: ['false'], active: ['false'] }
        await request('PUT', `/components/${id}`, { ...component, config })
      }
    },
    async createUser({ username, password, realmRoles = [] }) {
      const credentials = [{ type: 'password', value: password, temporary: false }]
      const person = { firstName: username, lastName: 'Test', email: `${username}@shop.example`, emailVerified: true }
      await request('POST', '/users', { username, enabled: true, ...person, credentials })
      const id = await userId(username)
      const roles = await Promise.all(realmRoles.map((role) => get(`/roles/${role}`)))
      await request('POST', `/users/${id}/role-mappings/realm`, roles)
      return id
    },
    setTokenLifespan: (clientId, seconds) =>
      setClientAttributes(clientId, { 'access.token.lifespan': seconds === undefined ? undefined : String(seconds) }),
    unlock: async (id) => void (await request('DELETE', `/attack-detection/brute-force/users/${id}`)),
    delete: async () => void (await request('DELETE', '')),
  }
}
