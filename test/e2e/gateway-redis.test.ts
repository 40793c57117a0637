import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GatewayProcess, spawnGateway } from '../support/gateway-process.ts'
import { createRealm, sharedKeycloak } from '../support/keycloak.ts'
import type { RealmAdmin } from '../support/keycloak-admin.ts'
import { serviceTokens } from '../support/oidc-client.ts'
import { request } from '../support/raw-http.ts'
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.ts'
import { countStatuses, type Sent, startTraffic, type Traffic } from '../support/traffic.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'
import { waitFor } from '../support/wait-for.ts'

const keycloak = sharedKeycloak()
const LIMIT = 40
const LOCAL_LIMIT = 5
const CALLERS = 8
const WIDE = { limit: 100_000, window: '1m', key: 'token.sub' }
/** Decisions that are late are the machine's doing up to this one: it runs a Keycloak, two gateways and this test. */
const LATEST_MS = 250

function limitedFile(issuer: string, upstream: string, redis: string): Record<string, unknown> {
  const route = (path: string, ...rateLimits: string[]) => ({
    path,
    to: 'shop',
    rateLimits,
    allow: [{ methods: ['GET'], scopes: 'orders:read' }],
  })
  return {
    issuers: { main: { issuer, audience: 'shop-api' } },
    upstreams: { shop: upstream },
    redis: { url: redis },
    rateLimits: {
      shared: { limit: LIMIT, window: '1m', key: ['token.sub', 'header.x-round'], onStoreError: 'deny' },
      few: { limit: LOCAL_LIMIT, window: '1m', key: ['token.sub', 'header.x-round'] },
      'per-ip': { limit: 100_000, window: '1m', key: 'client.ip', when: 'before-auth' },
      local: { ...WIDE, onStoreError: 'local' },
      open: { ...WIDE, onStoreError: 'allow' },
      closed: { ...WIDE, onStoreError: 'deny' },
    },
    routes: [
      route('/shared', 'shared'),
      route('/few', 'few'),
      route('/local', 'per-ip', 'local'),
      route('/open', 'open'),
      route('/closed', 'closed'),
    ],
  }
}

describeWithRedis('two gateways on one Redis, before a real Keycloak', () => {
  describe.skipIf(keycloak === undefined)('with a Keycloak', () => {
    let realm: RealmAdmin
    let upstream: TestUpstream
    let redis: TestRedis
    let gateways: GatewayProcess[] = []
    let token = ''

    beforeAll(async () => {
      if (keycloak === undefined) return
      realm = await createRealm(keycloak, 'redis')
      upstream = await startUpstream((_, outgoing) => outgoing.end('ok'))
      redis = await startRedis()
      const file = limitedFile(realm.issuer, upstream.url, redis.url)
      gateways = await Promise.all([spawnGateway(file), spawnGateway(file)])
      token = (await serviceTokens(realm.issuer, 'orders:read')).access_token
    })

    afterAll(async () => {
      redis?.resume()
      for (const gateway of gateways) await gateway.stop()
      await redis?.kill()
      await upstream?.close()
      await realm?.delete()
    })

    const ask = (gateway: GatewayProcess | undefined, path: string, round = '') =>
      request(gateway?.url ?? '', [`GET ${path} HTTP/1.1`, `Authorization: Bearer ${token}`, `X-Round: ${round}`])
    /** `count` requests at once, to each gateway in turn. */
    const burst = (count: number, path: string, round: string) =>
      Promise.all(Array.from({ length: count }, (_, i) => ask(gateways[i % 2], path, round)))

    it('lets exactly the limit of twice as many concurrent requests through', async () => {
      let rounds = 0
      // A store that is late on a busy machine denies here, and such a round shows nothing.
      const answers = await waitFor('a round in which Redis was always in time', async () => {
        const all = await burst(2 * LIMIT, '/shared', `${rounds++}`)
        return all.some(({ status }) => status === 503) ? undefined : all
      })
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(LIMIT)
      const refused = answers.filter(({ status }) => status === 429)
      expect(refused).toHaveLength(LIMIT)
      for (const { headers } of refused) expect(Number(headers.get('retry-after')?.[0])).toBeGreaterThan(0)
    })

    describe.each<[string, () => Promise<void> | void, () => Promise<void> | void]>([
      ['killed', () => redis.kill(), () => redis.restart()],
      ['hung', () => redis.pause(), () => redis.resume()],
    ])('when Redis is %s under load', (_, breakIt, mendIt) => {
      const traffic: Record<string, Traffic> = {}
      const outage = new Map<string, readonly Sent[]>()
      let afterwards: Awaited<ReturnType<typeof ask>>[] = []
      let logged = 0

      beforeAll(async () => {
        if (keycloak === undefined) return
        logged = gateways[0]?.logs().length ?? 0
        for (const path of ['local', 'open', 'closed']) {
          const url = `${gateways[0]?.url}/${path}`
          traffic[path] = startTraffic({ url, callers: CALLERS, token: () => token, pauseMs: 10 })
        }
        const streams = Object.entries(traffic)
        await Promise.all(streams.map(([, stream]) => stream.more(10)))
        const before = new Map(streams.map(([path, stream]) => [path, stream.sent.length]))
        await breakIt()
        await Promise.all(streams.map(([, stream]) => stream.more(50)))
        for (const [path, stream] of streams) outage.set(path, stream.sent.slice(before.get(path)))
        afterwards = await burst(4 * LOCAL_LIMIT, '/few', `outage-${logged}`)
        await mendIt()
        await waitFor('the recovery', () => traffic.closed?.sent.at(-1)?.status === 200)
        await Promise.all(streams.map(([, stream]) => stream.more(10)))
        for (const [, stream] of streams) await stream.stop()
      })

      const during = (path: string) => outage.get(path) ?? []

      it('fails no request of a limit that falls back to local or allow', () => {
        for (const path of ['local', 'open']) {
          const sent = traffic[path]?.sent ?? []
          expect(countStatuses(sent)).toEqual({ 200: sent.length })
        }
      })

      it('answers 503 with Retry-After where the file says deny, and nothing else fails', () => {
        const counts = countStatuses(traffic.closed?.sent ?? [])
        expect(Object.keys(counts)).toEqual(['200', '503'])
        const refused = during('closed').filter(({ status }) => status === 503)
        expect(refused.length).toBeGreaterThan(during('closed').length / 2)
        expect(new Set(refused.map(({ retryAfter }) => retryAfter))).toEqual(new Set(['1']))
      })

      it('still limits, each process by itself', () => {
        expect(countStatuses(afterwards)).toEqual({ 200: 2 * LOCAL_LIMIT, 429: 2 * LOCAL_LIMIT })
      })

      it('decides each request at once', async () => {
        const requests = during('local').length + during('open').length + during('closed').length
        const lines = await waitFor('the log', () => {
          const answered = (gateways[0]?.logs() ?? []).slice(logged).filter(({ msg }) => msg === 'request')
          return answered.length < requests ? undefined : answered
        })
        const decisions = lines.map(({ durationMs, upstreamMs }) => Number(durationMs) - Number(upstreamMs ?? 0))
        const overSockets = [...outage.values()].flat().map(({ durationMs }) => durationMs)
        console.info(
          `decisions, ms: ${distribution(decisions)}\nwhole answers over sockets, ms: ${distribution(overSockets)}`,
        )
        expect(quantile(decisions, 0.5)).toBeLessThan(25)
        expect(Math.max(...decisions)).toBeLessThan(LATEST_MS)
        expect(Math.max(...overSockets)).toBeLessThan(2 * LATEST_MS)
      })

      it('counts in Redis again when it is back', async () => {
        expect(traffic.closed?.sent.at(-1)?.status).toBe(200)
        const remaining = async (gateway: GatewayProcess | undefined) =>
          Number(
            /r=(\d+)/.exec((await ask(gateway, '/few', `back-${logged}`)).headers.get('ratelimit')?.[0] ?? '')?.[1],
          )
        const left = await waitFor('both gateways on one window', async () => {
          const [first, second] = [await remaining(gateways[0]), await remaining(gateways[1])]
          return [first, second]
        })
        expect(left).toEqual([LOCAL_LIMIT - 1, LOCAL_LIMIT - 2])
      })
    })

    it('stops on SIGTERM with exit code 0', async () => {
      expect(await Promise.all(gateways.map((gateway) => gateway.stop()))).toEqual([0, 0])
    })
  })
})

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

function distribution(values: readonly number[]): string {
  const parts = [0.5, 0.9, 0.99, 0.999].map((share) => `p${share * 100} ${quantile(values, share).toFixed(1)}`)
  return `n ${values.length}, ${parts.join(', ')}, max ${Math.max(...values).toFixed(1)}`
}
