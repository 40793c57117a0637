import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { createRealm, sharedKeycloak } from '../support/keycloak.ts'
import type { RealmAdmin } from '../support/keycloak-admin.ts'
import { jwtPart, passwordTokens, refreshTokens, serviceTokens } from '../support/oidc-client.ts'
import { request } from '../support/raw-http.ts'
import { shopFile } from '../support/shop-file.ts'
import { countStatuses, startTraffic, type Traffic } from '../support/traffic.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'
import { waitFor } from '../support/wait-for.ts'

const keycloak = sharedKeycloak()
const CALLERS = 6
const REQUESTS_PER_TOKEN = 10

/** Two people who refresh their tokens, four services that fetch new ones; each token serves a few requests. */
function tokenOfCaller(issuer: string): (caller: number) => Promise<string> {
  const held = new Map<number, { token: string; refresh?: string | undefined; left: number }>()
  return async (caller) => {
    const known = held.get(caller)
    if (known !== undefined && known.left > 0) {
      known.left--
      return known.token
    }
    const { access_token: token, refresh_token: refresh } =
      caller >= 2
        ? await serviceTokens(issuer, 'orders:read')
        : known?.refresh === undefined
          ? await passwordTokens(issuer, { username: caller === 0 ? 'alice' : 'bob', scope: 'openid orders:read' })
          : await refreshTokens(issuer, known.refresh)
    held.set(caller, { token, refresh, left: REQUESTS_PER_TOKEN + caller })
    return token
  }
}

describe.skipIf(keycloak === undefined)('keys that Keycloak rotates while requests run', () => {
  let realm: RealmAdmin
  let upstream: TestUpstream
  /** Default settings: the keys stay fresh for 10 minutes, so that only an unknown `kid` brings new ones. */
  let gateway: TestGateway
  /** Looks each second. */
  let watchful: TestGateway
  let traffic: Traffic

  beforeAll(async () => {
    if (keycloak === undefined) return
    realm = await createRealm(keycloak, 'rotation')
    upstream = await startUpstream()
    gateway = await startGateway(shopFile(realm.issuer, upstream.url))
    watchful = await startGateway(shopFile(realm.issuer, upstream.url, { keys: { freshFor: '1s' } }))
    traffic = startTraffic({ url: `${gateway.url}/orders/7`, callers: CALLERS, token: tokenOfCaller(realm.issuer) })
  })

  afterAll(async () => {
    await traffic?.stop()
    for (const one of [gateway, watchful]) await one?.close()
    await upstream?.close()
    await realm?.delete()
  })

  const kidOf = (token: string) => String(jwtPart(token, 0).kid)
  const freshToken = async () => (await serviceTokens(realm.issuer, 'orders:read')).access_token
  /** Waits until the last answer of every caller was for a token of this key. */
  const allUse = (kid: string) =>
    waitFor(`tokens of ${kid} from every caller`, () => {
      const latest = new Map(traffic.sent.slice(-20 * CALLERS).map(({ caller, token }) => [caller, token]))
      return latest.size === CALLERS && [...latest.values()].every((token) => kidOf(token) === kid)
    })
  const ask = async (to: TestGateway, token: string) => {
    const answer = await request(to.url, ['GET /orders/7 HTTP/1.1', `Authorization: Bearer ${token}`])
    return { status: answer.status, challenge: answer.headers.get('www-authenticate')?.[0] }
  }

  it('refuses no good token through two rotations, one right after the other', async () => {
    await traffic.more(REQUESTS_PER_TOKEN)
    const kids = [kidOf(await freshToken())]
    for (let rotation = 0; rotation < 2; rotation++) {
      await realm.addSigningKey()
      const token = await freshToken()
      expect((await ask(gateway, token)).status, 'the first token of a new key').toBe(200)
      kids.push(kidOf(token))
    }
    await allUse(kids.at(-1) ?? '')
    expect(new Set(kids).size).toBe(3)
    expect(countStatuses(traffic.sent)).toEqual({ 200: traffic.sent.length })
  })

  it('refuses no good token when a hundred callers come with a new key at once', async () => {
    await realm.addSigningKey()
    const tokens = await Promise.all(Array.from({ length: 20 }, freshToken))
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => ask(gateway, tokens[i % 20] ?? '')))
    expect(answers.filter(({ status }) => status !== 200)).toEqual([])
  })

  it('refuses tokens of a disabled key from the next refresh on, and no other', async () => {
    const old = await freshToken()
    await realm.addSigningKey()
    const current = await freshToken()
    expect((await ask(watchful, old)).status, 'signed by a key that is passive but listed').toBe(200)
    expect((await ask(watchful, current)).status).toBe(200)
    await allUse(kidOf(current))
    await realm.disableOldSigningKeys()
    await waitFor('the refusal of the old key', async () => {
      expect((await ask(watchful, current)).status).toBe(200)
      return (await ask(watchful, old)).status === 401
    })
    expect((await ask(watchful, old)).challenge).toContain('"The access token is signed with an unknown key"')
    expect(countStatuses(traffic.sent)).toEqual({ 200: traffic.sent.length })
  })

  it('lets good tokens through while bad ones name keys that nobody has, and those of the next key at once', async () => {
    const good = await freshToken()
    expect((await ask(gateway, good)).status).toBe(200)
    const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url')
    const forged = Array.from({ length: 50 }, (_, i) => {
      const head = { alg: 'RS256', typ: 'JWT', kid: `unknown-${i}` }
      const claims = { ...jwtPart(good, 1), sub: `stranger-${i}`, sid: undefined }
      return `${encode(head)}.${encode(claims)}.${good.split('.')[2]}`
    })
    const answers = await Promise.all(forged.map((token) => ask(gateway, token)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]))
    await realm.addSigningKey()
    const next = await freshToken()
    expect(kidOf(next)).not.toBe(kidOf(good))
    expect((await ask(gateway, next)).status, 'the first token of a new key, of an account that is known').toBe(200)
    await traffic.more(2 * REQUESTS_PER_TOKEN)
    expect(countStatuses(traffic.sent)).toEqual({ 200: traffic.sent.length })
  })

  it('refused nobody from start to end', async () => {
    await traffic.stop()
    expect(traffic.sent.length).toBeGreaterThan(CALLERS * 4 * REQUESTS_PER_TOKEN)
    expect(countStatuses(traffic.sent)).toEqual({ 200: traffic.sent.length })
    expect(new Set(traffic.sent.map(({ token }) => kidOf(token))).size).toBeGreaterThanOrEqual(3)
  })
})
