/** Tickets of several processes, kept in one Redis. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type GatewayProcess, spawnGateway } from '../../support/gateway-process.ts'
import { type RawAnswer, request } from '../../support/raw-http.ts'
import { describeWithRedis, startRedis, type TestRedis } from '../../support/redis.ts'
import { createTestIssuer, type TestIssuer } from '../../support/test-issuer.ts'
import { startUpstream, type TestUpstream } from '../../support/upstream.ts'
import { waitFor } from '../../support/wait-for.ts'

describeWithRedis('gateways that share a Redis', () => {
  let redis: TestRedis
  let issuer: TestIssuer
  let upstream: TestUpstream
  let one: GatewayProcess
  let other: GatewayProcess

  beforeAll(async () => {
    redis = await startRedis()
    issuer = await createTestIssuer()
    upstream = await startUpstream()
    const file = {
      workers: 2,
      redis: { url: redis.url },
      issuers: { main: { issuer: issuer.issuer, audience: 'shop-api' } },
      upstreams: { app: upstream.url },
      rateLimits: { many: { limit: 100_000, window: '1m', key: 'client.ip', when: 'before-auth' } },
      tickets: { rateLimits: ['many'] },
      routes: [{ path: '/events', to: 'app', tokenFrom: ['ticket'], allow: [{ methods: ['GET'], token: 'any' }] }],
    }
    ;[one, other] = await Promise.all([spawnGateway(file), spawnGateway(file)])
  })
  afterAll(async () => {
    await Promise.all([one?.stop(), other?.stop()])
    await redis?.kill()
    await Promise.all([upstream?.close(), issuer?.close()])
  })

  const askTicket = async ({ url }: GatewayProcess, token: string): Promise<RawAnswer> =>
    request(url, ['POST /.gateway/ticket HTTP/1.1', 'Content-Length: 0', `Authorization: Bearer ${token}`])
  const ticketOf = ({ body }: RawAnswer) => (JSON.parse(body) as { ticket: string }).ticket
  const use = async ({ url }: GatewayProcess, ticket: string) =>
    (await request(url, [`GET /events?ticket=${ticket} HTTP/1.1`])).status

  it('take tickets of each other', async () => {
    const token = await issuer.mint()
    expect(await use(other, ticketOf(await askTicket(one, token)))).toBe(200)
    expect(await use(one, ticketOf(await askTicket(other, token)))).toBe(200)
  })

  it('let one in of those who use a ticket at the same moment', async () => {
    const token = await issuer.mint()
    for (let round = 0; round < 10; round += 1) {
      const ticket = ticketOf(await askTicket(one, token))
      const statuses = await Promise.all([one, other, one, other, one, other].map((gateway) => use(gateway, ticket)))
      expect(statuses.toSorted()).toEqual([200, 401, 401, 401, 401, 401])
    }
  })

  it('leave nothing in Redis that is worth anything, nor for longer than a ticket lives', async () => {
    const token = await issuer.mint()
    const ticket = ticketOf(await askTicket(one, token))
    const client = new Redis(redis.url)
    try {
      const keys = await client.keys('scopegate:ticket:*')
      const texts = await Promise.all(keys.map(async (key) => key + (await client.get(key))))
      expect(keys).toHaveLength(1)
      const raw = Buffer.from(texts.join('').split(':').at(-1) ?? '', 'base64url').toString('latin1')
      for (const secret of [ticket, ...token.split('.')]) expect(texts.join('') + raw).not.toContain(secret)
      expect(await client.pttl(keys[0] as string)).toBeLessThanOrEqual(30_000)
      expect(await client.pttl(keys[0] as string)).toBeGreaterThan(0)
      expect(await use(other, ticket)).toBe(200)
      expect(await client.keys('scopegate:ticket:*')).toEqual([])
    } finally {
      client.disconnect()
    }
  })

  it('make and take none while Redis is away, and do again when it is back', async () => {
    const token = await issuer.mint()
    const ticket = ticketOf(await askTicket(one, token))
    await redis.kill()
    const refused = await askTicket(one, token)
    expect([refused.status, JSON.parse(refused.body).code]).toEqual([503, 'tickets_unavailable'])
    expect(refused.headers.get('retry-after')).toEqual(['1'])
    expect(await use(other, ticket)).toBe(503)
    await redis.restart()
    await waitFor('both to have Redis again', async () => {
      const made = await askTicket(one, token)
      return made.status === 200 && (await use(other, ticketOf(made))) === 200
    })
  })
})
