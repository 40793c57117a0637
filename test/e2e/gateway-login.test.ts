/** Sessions of browsers, at a real Keycloak whose refresh tokens serve once. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { createRealm, sharedKeycloak } from '../support/keycloak.ts'
import type { RealmAdmin } from '../support/keycloak-admin.ts'
import { addWebClient, createPerson, loginSection, type Person, WEB_CLIENT } from '../support/login.ts'
import { jwtPart, passwordTokens } from '../support/oidc-client.ts'
import { codeOf } from '../support/raw-http.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'
import { waitFor } from '../support/wait-for.ts'

const keycloak = sharedKeycloak()
const SESSION = '__Host-scopegate-session'
const OWN_PAGE = { 'Sec-Fetch-Site': 'same-origin' }

describe.skipIf(keycloak === undefined)('a browser that logs in at Keycloak through the gateway', () => {
  let realm: RealmAdmin
  let upstream: TestUpstream
  let gateway: TestGateway
  let origin: string

  beforeAll(async () => {
    if (keycloak === undefined) return
    const port = await freePort()
    origin = `http://127.0.0.1:${port}`
    realm = await createRealm(keycloak, 'login')
    await addWebClient(realm, origin)
    upstream = await startUpstream()
    gateway = await startGateway({
      listen: { host: '127.0.0.1', port },
      issuers: { main: { issuer: realm.issuer, audience: 'shop-api' } },
      upstreams: { app: upstream.url },
      login: loginSection(origin, { rateLimits: [] }),
      routes: [
        { path: '/app/**', to: 'app', session: true, allow: [{ methods: 'any', scopes: 'orders:read' }] },
        { path: '/admin', to: 'app', session: true, allow: [{ methods: 'any', roles: 'admin' }] },
        {
          path: '/inner',
          to: 'app',
          session: true,
          identity: { authorization: 'forward' },
          allow: [{ methods: 'any', token: 'any' }],
        },
        { path: '/api', to: 'app', allow: [{ methods: 'any', token: 'any' }] },
        { path: '/open', to: 'app', public: 'for tests' },
      ],
    })
  })

  afterAll(async () => {
    await gateway?.close()
    await upstream?.close()
    await realm?.delete()
  })

  const ownCookies = ({ cookies }: Person) => [...cookies.keys()].filter((name) => name.startsWith('__Host-scopegate-'))
  /** Those at Keycloak in which the gateway takes part. */
  const sessionsOf = async (user: string) => {
    const sessions = await realm.get<{ clients: Record<string, string> }[]>(`/users/${user}/sessions`)
    return sessions.filter(({ clients }) => Object.values(clients).includes(WEB_CLIENT.id))
  }

  it('sends a page to the login, and comes back to it with the identity of who logged in', async () => {
    const person = createPerson()
    const answer = await person.login(`${origin}/app/orders?page=2`)
    expect(answer.status).toBe(200)
    expect(upstream.received.at(-1)?.url).toBe('/app/orders?page=2')
    expect(upstream.lastField('x-user-id')).toEqual([await realm.userId('alice')])
    expect(upstream.lastField('x-client-id')).toEqual([WEB_CLIENT.id])
    expect(ownCookies(person)).toContain(SESSION)
    expect(ownCookies(person).filter((name) => name.includes('login-'))).toEqual([])
  })

  it('lets the session do what its access token may, and nothing else', async () => {
    const person = createPerson()
    await person.login(`${origin}/app/`)
    person.cookies.set('theme', 'dark')
    const answer = await person.send(`${origin}/app/orders`)
    expect(answer.status).toBe(200)
    expect(answer.headers['cache-control']).toBe('private')
    expect(answer.headers.vary).toBe('Cookie')
    expect(upstream.lastField('cookie').join()).toContain('theme=dark')
    expect(upstream.lastField('cookie').join()).not.toContain('scopegate')
    expect(upstream.lastField('authorization')).toEqual([])
    expect((await person.send(`${origin}/admin`)).status).toBe(403)
    expect((await person.send(`${origin}/inner`)).status).toBe(200)
    const [, token = ''] = (upstream.lastField('authorization')[0] ?? '').split(' ')
    expect(jwtPart(token, 1)).toMatchObject({ azp: WEB_CLIENT.id, typ: 'Bearer' })
  })

  it('reads no cookie where the route does not say so, and forwards none of its own there', async () => {
    const person = createPerson()
    await person.login(`${origin}/app/`)
    expect((await person.send(`${origin}/api`)).status).toBe(401)
    expect((await person.send(`${origin}/open`)).status).toBe(200)
    expect(upstream.lastField('cookie').join()).not.toContain('scopegate')
  })

  it('goes by the bearer token where a request has both', async () => {
    const person = createPerson()
    await person.login(`${origin}/app/`)
    const { access_token: bobs } = await passwordTokens(realm.issuer, { username: 'bob' })
    const answer = await person.send(`${origin}/inner`, { headers: { Authorization: `Bearer ${bobs}` } })
    expect(answer.status).toBe(200)
    expect(upstream.lastField('x-user-id')).toEqual([await realm.userId('bob')])
    expect((await person.send(`${origin}/inner`, { headers: { Authorization: 'Bearer x' } })).status).toBe(401)
    expect((await person.send(`${origin}/inner`, { headers: { Authorization: 'Basic eDp5' } })).status).toBe(401)
  })

  it('answers a script without a session 401 with a challenge, and sends only pages to the login', async () => {
    const person = createPerson()
    const script = await person.send(`${origin}/app/orders`, { headers: { 'Sec-Fetch-Mode': 'cors', Accept: '*/*' } })
    expect(script.status).toBe(401)
    expect(script.headers['www-authenticate']).toMatch(/^Bearer /)
    const page = await person.send(`${origin}/app/orders?a=1`, { headers: { Accept: 'text/html,*/*;q=0.8' } })
    expect(page.status).toBe(303)
    expect(page.headers.location).toBe('/auth/login?return_to=%2Fapp%2Forders%3Fa%3D1')
    const form = await person.send(`${origin}/app/orders`, { method: 'POST', headers: { Accept: 'text/html' } })
    expect(form.status).toBe(401)
  })

  it('shows the claims that the file names, and no token', async () => {
    const person = createPerson()
    expect((await person.send(`${origin}/auth/me`)).status).toBe(401)
    await person.login(`${origin}/app/`)
    const me = await person.send(`${origin}/auth/me`)
    expect(me.status).toBe(200)
    expect(me.headers['cache-control']).toBe('no-store')
    expect(JSON.parse(me.body)).toEqual({ sub: await realm.userId('alice'), preferred_username: 'alice' })
  })

  it('lets no page of another origin act with the session', async () => {
    const person = createPerson()
    await person.login(`${origin}/app/`)
    const post = (headers: Record<string, string>) => person.send(`${origin}/app/orders`, { method: 'POST', headers })
    for (const headers of [
      {},
      { Origin: 'https://evil.example' },
      { Origin: 'null' },
      { Origin: origin, 'Sec-Fetch-Site': 'cross-site' },
      { Origin: origin.replace('127.0.0.1', 'localhost'), 'Sec-Fetch-Site': 'same-site' },
      { 'Sec-Fetch-Site': 'none' },
    ]) {
      const answer = await post(headers as Record<string, string>)
      expect(answer.status).toBe(403)
      expect(codeOf(answer)).toBe('cross_site_request')
    }
    expect((await post(OWN_PAGE)).status).toBe(200)
    expect((await post({ Origin: origin })).status).toBe(200)
  })

  it('ends the session here and at Keycloak', async () => {
    const person = createPerson()
    const user = await realm.userId('bob')
    await person.login(`${origin}/app/`, 'bob')
    expect(await sessionsOf(user)).toHaveLength(1)
    const logout = (headers: Record<string, string>) =>
      person.send(`${origin}/auth/logout`, { method: 'POST', headers })
    expect((await logout({ Origin: 'https://evil.example' })).status).toBe(403)
    expect((await person.send(`${origin}/auth/logout`)).status).toBe(405)
    expect((await person.send(`${origin}/auth/me`)).status).toBe(200)
    const stolen = new Map(person.cookies)
    const answer = await logout(OWN_PAGE)
    expect(answer.status).toBe(303)
    expect(ownCookies(person)).toEqual([])
    const end = await person.open(answer.headers.location ?? '')
    expect(end.url).toBe(`${origin}/`)
    expect(await sessionsOf(user)).toEqual([])
    expect((await person.send(`${origin}/app/`)).status).toBe(401)
    expect((await createPerson(stolen).send(`${origin}/app/`)).status).toBe(401)
  })

  it('keeps several logins at once apart, and each callback for one use', async () => {
    const person = createPerson()
    const first = await person.toCallback(`${origin}/app/first`)
    const start = await person.send(`${origin}/auth/login?return_to=/app/second`)
    expect(ownCookies(person)).toHaveLength(2)
    const second = await person.send(start.headers.location ?? '', { headers: { Accept: 'text/html' } })
    const copy = createPerson(new Map(person.cookies))
    expect((await person.open(first)).url).toBe(`${origin}/app/first`)
    expect((await person.open(second.headers.location ?? '')).url).toBe(`${origin}/app/second`)
    for (const again of [person, copy]) {
      const answer = await again.send(first)
      expect(answer.status).toBe(400)
      expect(codeOf(answer)).toBe('login_failed')
    }
  })

  it.each([
    ['another state', (url: URL) => url.searchParams.set('state', 'x'.repeat(43))],
    [
      'the end of the state changed',
      (url: URL) => url.searchParams.set('state', `${url.searchParams.get('state')?.slice(0, -3)}xxx`),
    ],
    ['no state', (url: URL) => url.searchParams.delete('state')],
    ['two states', (url: URL) => url.searchParams.append('state', 'x')],
    ['another issuer', (url: URL) => url.searchParams.set('iss', 'https://evil.example/realms/shop')],
    ['no issuer', (url: URL) => url.searchParams.delete('iss')],
    ['another code', (url: URL) => url.searchParams.set('code', 'a.b.c')],
    ['no code', (url: URL) => url.searchParams.delete('code')],
    ['a refusal', (url: URL) => url.searchParams.set('error', 'access_denied')],
  ])('refuses a callback with %s', async (_, change) => {
    const person = createPerson()
    const callback = new URL(await person.toCallback(`${origin}/app/`))
    change(callback)
    const answer = await person.send(callback.href)
    expect(answer.status).toBe(400)
    expect(codeOf(answer)).toBe('login_failed')
    expect(ownCookies(person)).not.toContain(SESSION)
  })

  it('refuses the callback of a login that another browser began, and of one with another nonce', async () => {
    const [attacker, victim] = [createPerson(), createPerson()]
    const callback = await attacker.toCallback(`${origin}/app/`, 'bob')
    expect((await victim.send(callback)).status).toBe(400)
    expect(ownCookies(victim)).toEqual([])
    const start = await victim.send(`${origin}/auth/login`)
    const address = new URL(start.headers.location ?? '')
    address.searchParams.set('nonce', 'of-another-login')
    const answer = await victim.send(await victim.toCallback(address.href))
    expect(answer.status).toBe(400)
    await waitFor('the reason', () => gateway.logs().some(({ reason }) => reason === 'login_mismatch'))
    expect(ownCookies(victim)).toEqual([])
  })
})
