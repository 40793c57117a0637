import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfigStatus } from '../support/config-status.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { type GatewayProcess, spawnGateway } from '../support/gateway-process.ts'
import { type Keycloak, sharedKeycloak, startKeycloak } from '../support/keycloak.ts'
import { jwtPart, passwordTokens, serviceTokens } from '../support/oidc-client.ts'
import { request } from '../support/raw-http.ts'
import { shopFile } from '../support/shop-file.ts'
import { countStatuses, startTraffic, type Traffic } from '../support/traffic.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'
import { waitFor } from '../support/wait-for.ts'

/** A Keycloak that somebody else runs cannot be stopped. */
const canStop = sharedKeycloak()?.logFile !== undefined
const CLAIM = 'GET /orders/7 HTTP/1.1'

describe.skipIf(!canStop)('a gateway whose Keycloak goes away, with a public and an internal address', () => {
  let keycloak: Keycloak
  let upstream: TestUpstream
  let traffic: Traffic
  /** `jwks` at the internal address; looks for new keys each second. */
  let explicit: TestGateway
  /** Finds the keys through the public address. */
  let discovering: TestGateway
  /** Trusts keys for two seconds, which nobody should set. */
  let impatient: TestGateway
  let newcomer: GatewayProcess | undefined
  const tokens: string[] = []
  const keys = { freshFor: '1s', refetchEvery: '2s' }

  const internal = () => `${keycloak.url}/realms/shop`
  const issuer = () => internal().replace('127.0.0.1', 'localhost')
  const certs = () => `${internal()}/protocol/openid-connect/certs`
  const explicitFile = (more: Record<string, unknown> = {}, settings: Record<string, unknown> = {}) =>
    shopFile(issuer(), upstream.url, { jwks: certs(), keys, ...settings }, more)

  beforeAll(async () => {
    keycloak = await startKeycloak({ publicHost: 'localhost' })
    upstream = await startUpstream()
    explicit = await startGateway(explicitFile())
    discovering = await startGateway(shopFile(issuer(), upstream.url))
    impatient = await startGateway(explicitFile({}, { keys: { ...keys, staleFor: '2s' } }))
    for (let i = 0; i < 8; i++) tokens.push((await serviceTokens(internal(), 'orders:read')).access_token)
  })

  afterAll(async () => {
    await traffic?.stop()
    await newcomer?.stop()
    for (const gateway of [explicit, discovering, impatient]) await gateway?.close()
    await upstream?.close()
    await keycloak?.close()
  })

  const ask = (to: { url: string }, token: string, line = CLAIM) =>
    request(to.url, [line, `Authorization: Bearer ${token}`])
  const ready = async (of: { adminUrl: string }) => (await fetch(`${of.adminUrl}/readyz`)).status
  /** Not seen by any gateway before. */
  const unseenToken = () => {
    const token = tokens.pop()
    if (token === undefined) throw new Error('out of tokens')
    return token
  }
  const forged = (token: string) => {
    const [, payload, signature] = token.split('.')
    const head = Buffer.from(JSON.stringify({ alg: 'RS256', typ: 'JWT', kid: 'unknown' })).toString('base64url')
    return `${head}.${payload}.${signature}`
  }

  it('accepts tokens of the public issuer that were asked for inside', async () => {
    const { access_token: token } = await passwordTokens(internal(), { scope: 'openid orders:read' })
    expect(jwtPart(token, 1).iss).toBe(issuer())
    for (const gateway of [explicit, discovering, impatient]) {
      expect((await ask(gateway, token)).status).toBe(200)
      expect(await ready(gateway)).toBe(200)
    }
  })

  it('keeps serving from cached keys while Keycloak is stopped, old tokens and new ones', async () => {
    const held = [unseenToken(), unseenToken()]
    traffic = startTraffic({ url: `${explicit.url}/orders/7`, callers: 4, token: (caller) => held[caller % 2] ?? '' })
    await traffic.more(10)
    await keycloak.stop()
    await waitFor('a refresh that failed', () => explicit.logText().includes('keys could not be fetched'))
    await traffic.more(20)
    for (const gateway of [explicit, discovering]) {
      expect((await ask(gateway, unseenToken())).status).toBe(200)
      expect(await ready(gateway)).toBe(200)
    }
    expect(countStatuses(traffic.sent)).toEqual({ 200: traffic.sent.length })
  })

  it('reloads while Keycloak is stopped, and keeps the keys', async () => {
    const routes = explicitFile().routes as object[]
    const added = { path: '/added', to: 'shop', allow: [{ methods: ['GET'], scopes: 'orders:read' }] }
    const token = unseenToken()
    expect((await ask(explicit, token, 'GET /added HTTP/1.1')).status).toBe(404)
    await explicit.rewrite(explicitFile({ routes: [...routes, added] }))
    await waitFor('the new route', async () => (await ask(explicit, token, 'GET /added HTTP/1.1')).status === 200)
    expect(await ready(explicit)).toBe(200)
    await traffic.more(20)
    expect(countStatuses(traffic.sent)).toEqual({ 200: traffic.sent.length })
  })

  it('takes over a longer staleFor while Keycloak is stopped, without a gap', async () => {
    const applied = async () => (await readConfigStatus(explicit)).digest
    const before = await applied()
    await explicit.rewrite(explicitFile({}, { keys: { ...keys, staleFor: '72h' } }))
    await waitFor('the new file', async () => (await applied()) !== before)
    expect(await ready(explicit)).toBe(200)
    await traffic.more(20)
    expect(countStatuses(traffic.sent)).toEqual({ 200: traffic.sent.length })
  })

  it('answers 503, and not 401, to a token of a key that it cannot ask for', async () => {
    const answer = await ask(explicit, forged(tokens[0] ?? ''))
    expect(answer.status).toBe(503)
    expect(Number(answer.headers.get('retry-after')?.[0])).toBeGreaterThan(0)
  })

  it('answers 503 with Retry-After once its keys are too old', async () => {
    const answer = await waitFor('the end of the keys', async () => {
      const current = await ask(impatient, tokens[0] ?? '')
      return current.status === 200 ? undefined : current
    })
    expect(answer.status).toBe(503)
    expect(Number(answer.headers.get('retry-after')?.[0])).toBeGreaterThan(0)
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'keys_unavailable' })
    expect(answer.text).not.toContain(new URL(keycloak.url).port)
  })

  it('starts while Keycloak is stopped: 503 with Retry-After, not ready, but alive and open where it is public', async () => {
    newcomer = await spawnGateway(explicitFile())
    const answer = await ask(newcomer, tokens[0] ?? '')
    expect(answer.status).toBe(503)
    expect(Number(answer.headers.get('retry-after')?.[0])).toBeGreaterThan(0)
    expect(answer.headers.has('www-authenticate')).toBe(false)
    expect(await ready(newcomer)).toBe(503)
    expect((await fetch(`${newcomer.adminUrl}/livez`)).status).toBe(200)
    expect((await ask(newcomer, 'rubbish')).status).toBe(401)
    expect((await request(newcomer.url, [CLAIM])).status).toBe(401)
    expect((await request(newcomer.url, ['GET /catalog/shoes HTTP/1.1'])).status).toBe(200)
  })

  describe('and comes back', () => {
    beforeAll(() => keycloak.start())

    it('recovers by itself', async () => {
      const started = newcomer
      if (started === undefined) throw new Error('the gateway before did not start')
      await waitFor('readiness', async () => (await ready(started)) === 200)
      const token = unseenToken()
      for (const gateway of [started, explicit, discovering]) expect((await ask(gateway, token)).status).toBe(200)
      await waitFor('fresh keys', async () => (await ask(impatient, token)).status === 200)
      const { access_token: fresh } = await serviceTokens(internal(), 'orders:read')
      expect((await ask(started, fresh)).status).toBe(200)
      await waitFor('a refusal again', async () => (await ask(explicit, forged(fresh))).status === 401)
      await traffic.stop()
      expect(countStatuses(traffic.sent)).toEqual({ 200: traffic.sent.length })
    })
  })
})
