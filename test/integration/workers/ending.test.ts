import type { ServerResponse } from 'node:http'
import net from 'node:net'
import { describe, expect, it } from 'vitest'
import { openTo } from '../../support/gateway.ts'
import { closingAfterEach } from '../../support/keep.ts'
import { request } from '../../support/raw-http.ts'
import { startUpstream } from '../../support/upstream.ts'
import { waitFor } from '../../support/wait-for.ts'
import { isAlive, spawnWorkers, untilGone } from '../../support/workers.ts'

const keep = closingAfterEach()

/** An upstream that answers when the test says so. */
async function patient() {
  const waiting: ServerResponse[] = []
  const upstream = keep(
    await startUpstream((incoming, outgoing) => {
      incoming.resume()
      waiting.push(outgoing)
    }),
  )
  return { url: upstream.url, waiting, answerAll: () => waiting.splice(0).map((outgoing) => outgoing.end('whole')) }
}
const isRefused = (url: string) =>
  new Promise<boolean>((resolve) => {
    const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
    socket.once('connect', () => socket.destroy())
    socket.once('connect', () => resolve(false)).once('error', () => resolve(true))
  })
const send = (url: string, count: number) => Array.from({ length: count }, () => request(url, ['GET / HTTP/1.1']))

describe('a stop of several workers', () => {
  it.each([
    ['SIGTERM to the primary', 'SIGTERM', 1],
    ['SIGINT to all processes, as by Ctrl-C', 'SIGINT', -1],
    ['SIGTERM to all processes, as by a service manager', 'SIGTERM', -1],
  ] as const)('loses none of the requests in flight: %s', async (_, signal, sign) => {
    const upstream = await patient()
    const gateway = keep(await spawnWorkers(openTo(upstream.url), { detached: true }))
    const pids = gateway.workers()
    const answers = send(gateway.url, 20)
    await waitFor('the requests to arrive', () => upstream.waiting.length === 20)
    process.kill(sign * (gateway.child.pid ?? 0), signal)
    await waitFor('the stop', () => isRefused(gateway.url))
    expect(await gateway.readiness()).toEqual({ status: 503, reasons: ['draining'] })
    expect(await gateway.requests()).toBe(0)
    // Again, as by people without patience.
    process.kill(sign * (gateway.child.pid ?? 0), signal)
    upstream.answerAll()
    for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ status: 200, body: 'whole' })
    expect(await gateway.exited).toBe(0)
    expect(pids.some(isAlive)).toBe(false)
    expect(gateway.logs().filter(({ msg }) => msg === 'request')).toHaveLength(20)
    expect(gateway.output()).not.toMatch(/warning|a worker ended/i)
  })

  it('cuts what still hangs after the grace', async () => {
    const upstream = await patient()
    const gateway = keep(await spawnWorkers({ ...openTo(upstream.url), shutdown: { grace: '100ms' } }))
    const answers = send(gateway.url, 4)
    await waitFor('the requests to arrive', () => upstream.waiting.length === 4)
    expect(await gateway.stop()).toBe(0)
    for (const { status } of await Promise.all(answers)) expect(status).toBe(0)
  })
})

describe('a primary that is killed', () => {
  it('leaves no orphan: workers finish their requests and end, and the port is free', async () => {
    const upstream = await patient()
    const gateway = keep(await spawnWorkers(openTo(upstream.url)))
    const pids = gateway.workers()
    const answers = send(gateway.url, 10)
    await waitFor('the requests to arrive', () => upstream.waiting.length === 10)
    gateway.child.kill('SIGKILL')
    await waitFor('the port to be free', () => isRefused(gateway.url))
    expect(pids.every(isAlive)).toBe(true)
    upstream.answerAll()
    for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ status: 200, body: 'whole' })
    await untilGone(pids)
    const { port } = new URL(gateway.url)
    keep(await spawnWorkers({ ...openTo(upstream.url), listen: { host: '127.0.0.1', port: Number(port) } }))
  })
})
