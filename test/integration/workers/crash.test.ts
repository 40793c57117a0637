import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { openTo } from '../../support/gateway.ts'
import { spawnGateway } from '../../support/gateway-process.ts'
import { closingAfterEach } from '../../support/keep.ts'
import { request } from '../../support/raw-http.ts'
import { startUpstream } from '../../support/upstream.ts'
import { waitFor } from '../../support/wait-for.ts'
import { spawnWorkers, WORKERS_MAIN } from '../../support/workers.ts'

const keep = closingAfterEach()
const RESTARTS = 'scopegate_worker_restarts_total'

describe('a worker that ends unasked', () => {
  it('is replaced under load; service goes on, and counters do not fall', async () => {
    const upstream = keep(await startUpstream((_incoming, outgoing) => void outgoing.end('ok')))
    const gateway = keep(await spawnWorkers(openTo(upstream.url)))
    const statuses = new Map<number, number>()
    let running = true
    const load = Array.from({ length: 8 }, async () => {
      while (running) {
        const status = await request(gateway.url, ['GET / HTTP/1.1']).then(
          (answer) => answer.status,
          () => 0,
        )
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
      }
    })
    let counted = 0
    for (const round of [1, 2]) {
      await waitFor('some requests', () => (statuses.get(200) ?? 0) > round * 100)
      const [first = 0, second = 0] = gateway.workers()
      counted = await gateway.requests()
      process.kill(first, 'SIGKILL')
      await waitFor('the end to be seen', () => gateway.logs().filter(({ msg }) => msg === 'a worker ended')[round - 1])
      const now = await gateway.requests()
      // The other one takes all that comes.
      for (let i = 0; i < 40; i++) expect((await request(gateway.url, ['GET / HTTP/1.1'])).status).toBe(200)
      expect(now).toBeGreaterThanOrEqual(counted)
      // The second time it is waited for a second.
      if (round === 2) expect((await gateway.readiness()).reasons).toEqual(['worker 1 does not run'])
      await waitFor('the replacement', () => gateway.workers()[0] !== first)
      expect(gateway.workers()[1]).toBe(second)
      expect(await gateway.requests()).toBeGreaterThanOrEqual(now)
      expect(await gateway.metric(RESTARTS)).toBe(round)
      expect((await gateway.readiness()).status).toBe(200)
    }
    running = false
    await Promise.all(load)
    // 0: what a dying worker had in hand.
    expect([...statuses.keys()].filter((status) => status !== 0 && status !== 200)).toEqual([])
    expect(gateway.logs().find(({ msg }) => msg === 'a worker ended')).toMatchObject({
      level: 'error',
      worker: 1,
      exitCode: null,
      signal: 'SIGKILL',
    })
  })

  it('leaves what it had counted, exactly', async () => {
    const upstream = keep(await startUpstream())
    const gateway = keep(await spawnWorkers(openTo(upstream.url)))
    const send = (count: number) =>
      Promise.all(Array.from({ length: count }, () => request(gateway.url, ['GET / HTTP/1.1'])))
    await send(40)
    expect(await gateway.requests()).toBe(40)
    for (const index of [0, 1]) {
      const pid = gateway.workers()[index] ?? 0
      process.kill(pid, 'SIGKILL')
      await waitFor('the replacement', () => gateway.workers()[index] !== pid)
      expect(await gateway.requests()).toBe(40)
    }
    await send(10)
    expect(await gateway.requests()).toBe(50)
  })

  it('ends the gateway when none of those that replace it can start', async () => {
    const program = [WORKERS_MAIN]
    const secret = path.join('test', 'support', `password-${process.pid}`)
    await writeFile(secret, 'hunter2')
    keep({ close: () => rm(secret, { force: true }) })
    const redis = { url: 'redis://127.0.0.1:1', password: { file: path.resolve(secret) } }
    const gateway = keep(
      await spawnWorkers({ ...openTo('http://127.0.0.1:1'), redis }, { program, args: ['{"firstDelayMs":1}'] }),
    )
    await rm(secret)
    process.kill(gateway.workers()[0] ?? 0, 'SIGKILL')
    expect(await gateway.exited).toBe(1)
    expect(gateway.logs().filter(({ msg }) => msg === 'a worker cannot start')).toHaveLength(5)
  })
})

describe('a gateway of several workers that cannot start', () => {
  const start = (file: object, args: readonly string[] = []) =>
    spawnGateway({ workers: 2, ...openTo('http://127.0.0.1:1'), ...file }, { args }).then(
      () => 'it runs',
      (error: Error) => error.message,
    )

  it.each([1, 2])('says in one line that its port is taken, by a gateway of %d', async (workers) => {
    const other = keep(await spawnWorkers({ ...openTo('http://127.0.0.1:1'), workers }))
    const { port } = new URL(other.url)
    const message = await start({}, ['--port', port])
    expect(message).toMatch(/^scopegate start ended with 1:\n/)
    expect(message).toContain(`scopegate cannot start: port ${port} is in use\n`)
    const admin = new URL(other.adminUrl).port
    expect(await start({ admin: { port: Number(admin) } })).toContain(`port ${admin} is in use\n`)
  })

  it('never starts a worker for a bad file', async () => {
    const message = await start({ upstreems: {} })
    expect(message).toMatch(/^scopegate start ended with 1:\n.*upstreems/)
    expect(message).not.toContain('a worker')
  })
})
