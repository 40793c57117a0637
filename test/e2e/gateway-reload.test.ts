import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfigStatus } from '../support/config-status.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { createRealm, sharedKeycloak } from '../support/keycloak.ts'
import type { RealmAdmin } from '../support/keycloak-admin.ts'
import { serviceTokens } from '../support/oidc-client.ts'
import { request } from '../support/raw-http.ts'
import { shopFile } from '../support/shop-file.ts'
import { countStatuses, startTraffic, type Traffic } from '../support/traffic.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'
import { waitFor } from '../support/wait-for.ts'

const keycloak = sharedKeycloak()
const READERS = { methods: ['GET'], scopes: 'orders:read' }

describe.skipIf(keycloak === undefined)('a file that changes under load, with a real Keycloak', () => {
  let realm: RealmAdmin
  let upstream: TestUpstream
  let gateway: TestGateway
  let traffic: Traffic
  let token = ''

  /** The upstream sees which file a request was decided by: each one rewrites the path in its own way. */
  const fileNumber = (version: number, extra: readonly object[] = []) =>
    shopFile(
      realm.issuer,
      upstream.url,
      {},
      {
        routes: [
          { path: '/version', to: { upstream: 'shop', rewrite: `/v${version}` }, allow: [READERS] },
          { path: `/only-${version}`, to: 'shop', allow: [READERS] },
          ...extra,
        ],
      },
    )

  beforeAll(async () => {
    if (keycloak === undefined) return
    realm = await createRealm(keycloak, 'reload')
    upstream = await startUpstream()
    gateway = await startGateway(fileNumber(0))
    token = (await serviceTokens(realm.issuer, 'orders:read')).access_token
    traffic = startTraffic({ url: `${gateway.url}/version`, callers: 6, token: () => token })
  })

  afterAll(async () => {
    await traffic?.stop()
    await gateway?.close()
    await upstream?.close()
    await realm?.delete()
  })

  const ask = async (path: string) =>
    (await request(gateway.url, [`GET ${path} HTTP/1.1`, `Authorization: Bearer ${token}`])).status
  const allAnswered = () => expect(countStatuses(traffic.sent)).toEqual({ 200: traffic.sent.length })

  it('is in force as a whole, one version after the other, and no request fails', async () => {
    for (let version = 1; version <= 5; version++) {
      await gateway.rewrite(fileNumber(version))
      await waitFor(`version ${version}`, async () => (await ask(`/only-${version}`)) === 200)
      expect(await ask(`/only-${version - 1}`)).toBe(404)
      await traffic.more(5)
    }
    const versions = upstream.received.flatMap(({ url }) => (url.startsWith('/v') ? [Number(url.slice(2))] : []))
    expect(versions.at(-1)).toBe(5)
    expect(new Set(versions)).toEqual(new Set([0, 1, 2, 3, 4, 5]))
    allAnswered()
  })

  it('changes nothing when it is bad, and says why', async () => {
    const { digest } = await readConfigStatus(gateway)
    await gateway.rewrite(fileNumber(6, [{ path: '/open', to: 'shop' }]))
    await waitFor('the refusal', async () => (await readConfigStatus(gateway)).lastRefusal)
    expect(await readConfigStatus(gateway)).toMatchObject({ digest })
    expect(await ask('/only-5')).toBe(200)
    expect(await ask('/only-6')).toBe(404)
    await traffic.more(5)
    allAnswered()
  })

  it('takes a right away from tokens that are known already', async () => {
    await traffic.stop()
    await gateway.rewrite(
      shopFile(
        realm.issuer,
        upstream.url,
        {},
        {
          routes: [{ path: '/version', to: 'shop', allow: [{ methods: ['GET'], scopes: 'orders:write' }] }],
        },
      ),
    )
    await waitFor('the refusal', async () => (await ask('/version')) === 403)
    await gateway.rewrite(shopFile(realm.issuer, upstream.url, { audience: 'other-api' }))
    await waitFor('the other audience', async () => (await ask('/orders/7')) === 401)
    await expect.poll(() => gateway.logs().at(-1)).toMatchObject({ reason: 'token_audience' })
  })
})
