/** Logins and logouts at the development issuer: code flow with PKCE, rotation and revocation of refresh tokens, over sockets. */
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DevIssuer, startDevIssuer } from '../../../src/dev/dev-issuer.ts'
import { cookieField, readPair } from '../../support/cookies.ts'
import { freePort } from '../../support/free-port.ts'
import { startGateway, type TestGateway } from '../../support/gateway.ts'
import { createPerson, loginSection, type Person, WEB_CLIENT, webClient } from '../../support/login.ts'
import { readSessionCookie, sessionCookie } from '../../support/sealed-session.ts'
import { startUpstream, type TestUpstream } from '../../support/upstream.ts'
import { waitFor } from '../../support/wait-for.ts'

const OWN_PAGE = { 'Sec-Fetch-Site': 'same-origin' }
const realm = JSON.parse(readFileSync(new URL('../../../keycloak-realm.json', import.meta.url), 'utf8'))
let issuer: DevIssuer
let upstream: TestUpstream
let gateway: TestGateway
let origin: string

beforeEach(async () => {
  const port = await freePort()
  origin = `http://127.0.0.1:${port}`
  issuer = await startDevIssuer({ realm: { ...realm, clients: [...realm.clients, webClient(origin)] }, port: 0 })
  upstream = await startUpstream()
  gateway = await startGateway({
    listen: { host: '127.0.0.1', port },
    issuers: { main: { issuer: issuer.issuer, audience: 'shop-api' } },
    upstreams: { app: upstream.url },
    login: loginSection(origin, { rateLimits: [] }),
    routes: [{ path: '/app/**', to: 'app', session: true, allow: [{ methods: 'any', scopes: 'orders:read' }] }],
  })
})

afterEach(async () => {
  await gateway?.close()
  await upstream?.close()
  await issuer?.close()
})

const sessionOf = ({ cookies }: Person) => readSessionCookie(cookieField(cookies))
const isOfLogin = (name: string) => name.startsWith('__Host-scopegate-login-')
const logOut = (person: Person) => person.send(`${origin}/auth/logout`, { method: 'POST', headers: OWN_PAGE })

async function logIn(): Promise<Person> {
  const person = createPerson()
  expect((await person.login(`${origin}/app/`)).status).toBe(200)
  return person
}

/** What the issuer says to a refresh token. */
async function refresh(token = ''): Promise<unknown> {
  const basic = Buffer.from(`${WEB_CLIENT.id}:${WEB_CLIENT.secret}`).toString('base64')
  const answer = await fetch(`${issuer.issuer}/protocol/openid-connect/token`, {
    method: 'POST',
    headers: { Authorization: `Basic ${basic}` },
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token }),
  })
  return answer.ok ? 'tokens' : ((await answer.json()) as { error: string }).error
}

describe('a login', () => {
  it('is spent by its callback, whose address serves nobody again', async () => {
    const person = createPerson()
    const callback = await person.toCallback(`${origin}/app/`)
    expect([...person.cookies.keys()].filter(isOfLogin)).toHaveLength(1)
    expect((await person.open(callback)).response.status).toBe(200)
    expect([...person.cookies.keys()].filter(isOfLogin)).toEqual([])
    expect((await person.send(callback)).status).toBe(400)
  })

  it('takes no ID token that was made for another login', async () => {
    const person = createPerson()
    const start = await person.send(`${origin}/auth/login?return_to=/app/`)
    const address = new URL(start.headers.location ?? '')
    address.searchParams.set('nonce', 'of-another-login')
    const answer = await person.send(await person.toCallback(address.href))
    expect(answer.status).toBe(400)
    expect(await sessionOf(person)).toBeUndefined()
    await waitFor('the reason', () => gateway.logs().some(({ reason }) => reason === 'login_mismatch'))
  })
})

describe('a logout', () => {
  it('leaves nothing that a copy of the cookie is good for, though the browser never gets to the issuer', async () => {
    const person = await logIn()
    const session = await sessionOf(person)
    const copy = createPerson(new Map(person.cookies))
    const due = await sessionCookie({ ...session, accessEndsAtMs: Date.now() - 1000 })
    const answer = await logOut(person)
    expect(answer.status).toBe(303)
    expect(answer.headers.location).toMatch(`${issuer.issuer}/protocol/openid-connect/logout?`)
    expect((await copy.send(`${origin}/app/`)).status).toBe(401)
    expect(await sessionOf(copy)).toBeUndefined()
    const renewing = await createPerson().send(`${origin}/app/`, { headers: { Cookie: due } })
    expect(renewing.status).toBe(401)
    expect(await refresh(session?.refreshToken)).toBe('invalid_grant')
  })

  it('revokes the newest token also when it comes with the cookie from before a renewal', async () => {
    const person = await logIn()
    const first = await sessionOf(person)
    const before = await sessionCookie({ ...first, accessEndsAtMs: Date.now() - 1000, renewedAtMs: Date.now() - 1000 })
    const renewed = await createPerson().send(`${origin}/app/`, { headers: { Cookie: before } })
    expect(renewed.status).toBe(200)
    const late = createPerson(new Map(before.split('; ').map(readPair)))
    expect((await logOut(late)).status).toBe(303)
    const newer = createPerson(new Map(renewed.setCookies.map(readPair)))
    expect((await sessionOf(newer))?.refreshToken).not.toBe(first?.refreshToken)
    expect(await refresh((await sessionOf(newer))?.refreshToken)).toBe('invalid_grant')
  })

  it('ends the session here when the issuer is gone, and says in the log that the token lives on', async () => {
    const person = await logIn()
    const copy = createPerson(new Map(person.cookies))
    await issuer.close()
    expect((await logOut(person)).status).toBe(303)
    expect(await sessionOf(person)).toBeUndefined()
    expect((await copy.send(`${origin}/app/`)).status).toBe(401)
    const message = 'a logout could not revoke the refresh token at the issuer'
    await waitFor('the line', () => gateway.logs().some(({ level, msg }) => level === 'warn' && msg === message))
  })
})
