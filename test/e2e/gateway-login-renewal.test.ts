/** Many requests at once when the tokens of a session end, at a Keycloak that takes each refresh token once. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cookieField, keepCookies, readPair } from '../support/cookies.ts'
import { freePort } from '../support/free-port.ts'
import { type GatewayProcess, spawnGateway } from '../support/gateway-process.ts'
import { createRealm, sharedKeycloak } from '../support/keycloak.ts'
import type { RealmAdmin } from '../support/keycloak-admin.ts'
import { addWebClient, createPerson, loginSection, type Person, WEB_CLIENT } from '../support/login.ts'
import { tokenRequest } from '../support/oidc-client.ts'
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.ts'
import { readSessionCookie, sessionCookie } from '../support/sealed-session.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'

const keycloak = sharedKeycloak()
const SESSION = '__Host-scopegate-session'

/** As if the access token had ended a second ago. */
async function expire(person: Person): Promise<void> {
  const session = await readSessionCookie(cookieField(person.cookies))
  for (const name of person.cookies.keys()) if (name.startsWith(SESSION)) person.cookies.delete(name)
  const field = await sessionCookie({ ...session, accessEndsAtMs: Date.now() - 1000 })
  keepCookies(person.cookies, field.split('; '))
}

describeWithRedis('the renewal of a session', () => {
  describe.skipIf(keycloak === undefined)('at a real Keycloak', () => {
    let realm: RealmAdmin
    let upstream: TestUpstream
    let redis: TestRedis
    let gateways: readonly GatewayProcess[]
    let origin: string

    beforeAll(async () => {
      if (keycloak === undefined) return
      const ports = [await freePort(), await freePort()]
      origin = `http://127.0.0.1:${ports[0]}`
      realm = await createRealm(keycloak, 'renewal')
      await addWebClient(realm, origin)
      const enabledEventTypes = ['REFRESH_TOKEN', 'REFRESH_TOKEN_ERROR']
      await realm.request('PUT', '', { eventsEnabled: true, enabledEventTypes })
      upstream = await startUpstream()
      redis = await startRedis()
      const start = (port: number) =>
        spawnGateway({
          listen: { host: '127.0.0.1', port },
          issuers: { main: { issuer: realm.issuer, audience: 'shop-api' } },
          upstreams: { app: upstream.url },
          redis: { url: redis.url },
          login: loginSection(origin, { rateLimits: [] }),
          routes: [{ path: '/app/**', to: 'app', session: true, allow: [{ methods: 'any', scopes: 'orders:read' }] }],
        })
      gateways = await Promise.all(ports.map(start))
    })

    afterAll(async () => {
      for (const gateway of gateways ?? []) await gateway.stop()
      await redis?.kill()
      await upstream?.close()
      await realm?.delete()
    })

    const refreshes = (type: string) => realm.get<unknown[]>(`/events?type=${type}&max=1000`)
    const refreshAtKeycloak = (token = '') =>
      tokenRequest(realm.issuer, {
        ...{ client_id: WEB_CLIENT.id, client_secret: WEB_CLIENT.secret },
        ...{ grant_type: 'refresh_token', refresh_token: token },
      })
    const at = (index: number) => gateways[index % gateways.length]?.url ?? ''

    it('is one refresh for fifty requests at two processes, and all of them succeed with the same session', async () => {
      const person = createPerson()
      await person.login(`${origin}/app/`)
      await expire(person)
      const before = new Map(person.cookies)
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, i) => createPerson(new Map(before)).send(`${at(i)}/app/${i}`)),
      )
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
      expect(await refreshes('REFRESH_TOKEN')).toHaveLength(1)
      expect(await refreshes('REFRESH_TOKEN_ERROR')).toEqual([])
      const sessions = await Promise.all(
        answers.map(async ({ setCookies }) => {
          const session = await readSessionCookie(cookieField(new Map(setCookies.map(readPair))))
          return session?.accessToken
        }),
      )
      expect(new Set(sessions).size).toBe(1)
      // A browser that never got the new cookie is not logged out either.
      const late = createPerson(new Map(before))
      expect((await late.send(`${at(1)}/app/late`)).status).toBe(200)
      expect(await refreshes('REFRESH_TOKEN')).toHaveLength(1)
      // The next renewal goes on from there.
      await expire(late)
      expect((await late.send(`${at(0)}/app/next`)).status).toBe(200)
      expect(await refreshes('REFRESH_TOKEN')).toHaveLength(2)
      expect(await refreshes('REFRESH_TOKEN_ERROR')).toEqual([])
    })

    it('ends the session when Keycloak has ended it, for all requests alike', async () => {
      const person = createPerson()
      await person.login(`${origin}/app/`)
      await realm.request('POST', `/users/${await realm.userId('alice')}/logout`)
      await expire(person)
      const before = new Map(person.cookies)
      const people = Array.from({ length: 10 }, () => createPerson(new Map(before)))
      const answers = await Promise.all(people.map((it, i) => it.send(`${at(i)}/app/${i}`)))
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 401))
      for (const { cookies } of people) expect([...cookies.keys()]).not.toContain(SESSION)
      expect(await refreshes('REFRESH_TOKEN_ERROR')).toHaveLength(1)
    })

    it('comes too late after a logout at the other process, even if the browser never gets to Keycloak', async () => {
      const person = createPerson()
      await person.login(`${origin}/app/`)
      const session = await readSessionCookie(cookieField(person.cookies))
      const [good, copy] = [createPerson(new Map(person.cookies)), createPerson(new Map(person.cookies))]
      await expire(copy)
      // Keycloak gives out a newer token, of which the gateway knows nothing.
      const tokens = await refreshAtKeycloak(session?.refreshToken)
      expect(tokens.status).toBe(200)
      const { refresh_token: newer } = (await tokens.json()) as { refresh_token: string }
      const headers = { 'Sec-Fetch-Site': 'same-origin' }
      expect((await person.send(`${at(0)}/auth/logout`, { method: 'POST', headers })).status).toBe(303)
      expect((await refreshAtKeycloak(newer)).status).toBe(400)
      for (const late of [good, copy]) {
        expect((await late.send(`${at(1)}/app/`)).status).toBe(401)
        expect(await readSessionCookie(cookieField(late.cookies))).toBeUndefined()
      }
    })

    it('is a 503 while Redis is down, and the session lives on', async () => {
      const person = createPerson()
      await person.login(`${origin}/app/`)
      await expire(person)
      await redis.kill()
      const answer = await person.send(`${at(0)}/app/1`)
      expect(answer.status).toBe(503)
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'login_unavailable' })
      expect(answer.headers['retry-after']).toBe('1')
      expect([...person.cookies.keys()]).toContain(SESSION)
      await redis.restart()
      await expect.poll(async () => (await person.send(`${at(0)}/app/1`)).status, { timeout: 15_000 }).toBe(200)
    })
  })
})
