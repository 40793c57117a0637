import { availableParallelism } from 'node:os'
import { describe, expect, it } from 'vitest'
import { openTo } from '../../support/gateway.ts'
import { closingAfterEach } from '../../support/keep.ts'
import { connectRaw, type RawClient } from '../../support/raw-client.ts'
import { request } from '../../support/raw-http.ts'
import { describeWithRedis, startRedis } from '../../support/redis.ts'
import { createTestIssuer } from '../../support/test-issuer.ts'
import { startUpstream } from '../../support/upstream.ts'
import { waitFor } from '../../support/wait-for.ts'
import { isAlive, spawnWorkers, WORKERS_MAIN, type WorkersProcess } from '../../support/workers.ts'

const keep = closingAfterEach()
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

/** So many that no chance brings all to one worker. */
async function connectMany(url: string): Promise<RawClient[]> {
  const clients = await Promise.all(Array.from({ length: 64 }, () => connectRaw(url, GET)))
  await Promise.all(clients.map((client) => client.until('200 OK')))
  return clients
}

/** How many connections each worker holds; ends the first worker to see it. */
async function spread(gateway: WorkersProcess, clients: readonly RawClient[]): Promise<readonly number[]> {
  let closed = 0
  for (const client of clients) void client.closed.then(() => closed++)
  const [first = 0] = gateway.workers()
  process.kill(first, 'SIGKILL')
  await waitFor('the replacement', () => gateway.workers()[0] !== first)
  return [closed, clients.length - closed]
}

describe('workers', () => {
  it.each([
    ['the kernel spreads connections', {}],
    ['the primary hands connections out', { program: [WORKERS_MAIN], args: ['{"sharing":{"exclusive":false}}'] }],
  ])('all serve: %s', async (_, options) => {
    const upstream = keep(await startUpstream())
    const gateway = keep(await spawnWorkers(openTo(upstream.url), options))
    const clients = await connectMany(gateway.url)
    expect(await gateway.requests()).toBe(64)
    for (const count of await spread(gateway, clients)) expect(count).toBeGreaterThan(0)
    expect((await request(gateway.url, ['GET / HTTP/1.1'])).status).toBe(200)
  })

  it('are one for each core with auto', async () => {
    const gateway = keep(await spawnWorkers({ ...openTo('http://127.0.0.1:1'), workers: 'auto' }))
    const cores = availableParallelism()
    expect(gateway.logs().find(({ msg }) => msg === 'listening')?.workers).toBe(cores === 1 ? undefined : cores)
    expect(gateway.workers().filter(isAlive)).toHaveLength(cores === 1 ? 0 : cores)
  })

  it('are ready when all of them are', async () => {
    const issuer = keep(await createTestIssuer())
    const file = { ...openTo('http://127.0.0.1:1'), issuers: { main: { issuer: issuer.issuer, audience: 'a' } } }
    const gateway = keep(await spawnWorkers(file))
    await waitFor('readiness', async () => (await gateway.readiness()).status === 200)
    expect(await gateway.metric('scopegate_issuer_keys{issuer="main"}')).toBeGreaterThan(0)

    const deaf = keep(
      await spawnWorkers({ ...file, issuers: { main: { issuer: 'http://127.0.0.1:1', audience: 'a' } } }),
    )
    expect(await deaf.readiness()).toEqual({ status: 503, reasons: ['no keys yet: main'] })
  })

  it('know each other: a request that comes back to any of them is a loop', async () => {
    const gateway = keep(await spawnWorkers(openTo('http://127.0.0.1:1')))
    await gateway.rewrite({ workers: 2, ...openTo(gateway.url) })
    await waitFor('the reload', () => gateway.metric('scopegate_config_reloads_total{result="applied"}'))
    const answers = await Promise.all(Array.from({ length: 20 }, () => request(gateway.url, ['GET / HTTP/1.1'])))
    expect(new Set(answers.map(({ status }) => status)).size).toBe(1)
    expect(await gateway.requests()).toBe(40)
  })

  it('write lines that stay whole to one pipe, also while its reader stands still', async () => {
    const upstream = keep(await startUpstream((_incoming, outgoing) => void outgoing.end('ok')))
    const gateway = keep(await spawnWorkers(openTo(upstream.url), { throughPipe: true }))
    gateway.child.stdout?.pause()
    const line = `GET /${'x'.repeat(5000)} HTTP/1.1`
    for (let i = 0; i < 10; i++) {
      const answers = await Promise.all(Array.from({ length: 20 }, () => request(gateway.url, [line])))
      for (const { status } of answers) expect(status).toBe(200)
    }
    gateway.child.stdout?.resume()
    await gateway.close()
    // `logs` parses each line that begins with a brace.
    expect(gateway.logs().filter(({ msg }) => msg === 'request')).toHaveLength(200)
    expect(gateway.output().replace(/^\{.*\}\n/gm, '')).toBe('')
  })
})

describeWithRedis('workers with one Redis', () => {
  it('count one limit together, exactly', async () => {
    const redis = await startRedis()
    keep({ close: redis.kill })
    const upstream = keep(await startUpstream())
    const gateway = keep(
      await spawnWorkers({
        ...openTo(upstream.url, { rateLimits: ['few'] }),
        redis: { url: redis.url },
        rateLimits: { few: { limit: 40, window: '1h', key: 'client.ip', when: 'before-auth', onStoreError: 'deny' } },
      }),
    )
    const statuses = await Promise.all(
      Array.from({ length: 80 }, async () => (await request(gateway.url, ['GET / HTTP/1.1'])).status),
    )
    expect(statuses.filter((status) => status === 200)).toHaveLength(40)
    expect(statuses.filter((status) => status === 429)).toHaveLength(40)
    expect(await gateway.requests()).toBe(80)
  })
})
