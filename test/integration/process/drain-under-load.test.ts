/** A stop of the real program while a thousand requests are in flight, in one process and in several. */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import net from 'node:net'
import { describe, expect, it } from 'vitest'
import { openTo } from '../../support/gateway.ts'
import { type GatewayProcess, spawnGateway } from '../../support/gateway-process.ts'
import { closingAfterEach } from '../../support/keep.ts'
import { connectRaw, type RawClient } from '../../support/raw-client.ts'
import { parseAnswer, request } from '../../support/raw-http.ts'
import { startUpstream } from '../../support/upstream.ts'
import { waitFor } from '../../support/wait-for.ts'

const keep = closingAfterEach()
const REQUESTS = 1000
const MIB = 1024 ** 2
/** On a busy machine event loops lag, and nobody is to be told to come back here. */
const NOT_SHED = '60s'
/** Two programs and a thousand connections, on a machine that may have other things to do. */
const TIMEOUT_MS = 90_000

async function start(upstream: string, workers: number, rest: object = {}): Promise<GatewayProcess> {
  const limits = { body: '8MiB', loopDelay: NOT_SHED }
  const file = { workers, limits, ...openTo({ urls: [upstream], connections: 2 * REQUESTS }), ...rest }
  const gateway = await spawnGateway(file)
  keep({ close: () => end(gateway) })
  return gateway
}

async function end(gateway: GatewayProcess): Promise<void> {
  await gateway.stop()
}

/** Holds what it is asked, and answers each with its path when the test says so. */
async function startPatient() {
  const waiting: { readonly url: string; readonly outgoing: ServerResponse }[] = []
  const upstream = keep(
    await startUpstream((incoming, outgoing) => {
      incoming.resume()
      waiting.push({ url: incoming.url ?? '', outgoing })
    }),
  )
  const answerAll = () => {
    for (const { url, outgoing } of waiting.splice(0)) outgoing.end(`this is ${url}.`)
  }
  const connections = () => new Promise((resolve) => upstream.server.getConnections((_, count) => resolve(count)))
  return { url: upstream.url, waiting, answerAll, connections }
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`

async function isRefused(url: string): Promise<boolean> {
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
  const outcome = once(socket, 'connect').then(
    () => false,
    () => true,
  )
  return outcome.finally(() => socket.destroy())
}

const readiness = async (gateway: GatewayProcess) => {
  const { status, body } = await request(gateway.adminUrl, ['GET /readyz HTTP/1.1'])
  return [status, JSON.parse(body).reasons]
}

describe.each([1, 2])(
  'SIGTERM during a thousand requests in flight, with %i processes',
  { timeout: TIMEOUT_MS },
  (workers) => {
    it('loses none of them, refuses new connections, and ends with 0', async () => {
      const upstream = await startPatient()
      const gateway = await start(upstream.url, workers)
      const paths = Array.from({ length: REQUESTS }, (_, i) => `/of-${i}`)
      const clients = await Promise.all(paths.map((path) => connectRaw(gateway.url, get(path))))
      await waitFor('all to be in flight', () => upstream.waiting.length === REQUESTS)
      gateway.child.kill('SIGTERM')
      await waitFor('the drain', async () => (await readiness(gateway))[0] === 503)
      expect(await readiness(gateway)).toEqual([503, ['draining']])
      await waitFor('the port to be closed', () => isRefused(gateway.url))
      // An impatient one asks again.
      gateway.child.kill('SIGTERM')
      upstream.answerAll()
      await Promise.all(clients.map(({ closed }) => closed))
      const answers = clients.map((client) => parseAnswer(client.text()))
      expect(answers.map(({ status, body }) => `${status} ${body}`)).toEqual(
        paths.map((path) => `200 this is ${path}.`),
      )
      expect(new Set(answers.flatMap(({ headers }) => headers.get('connection')))).toEqual(new Set(['close']))
      expect(await gateway.exited).toBe(0)
      expect(gateway.logs().filter(({ msg }) => msg === 'request')).toHaveLength(REQUESTS)
      expect(gateway.output()).not.toContain('were cut')
      await waitFor('no connection to the upstream', async () => (await upstream.connections()) === 0)
    })

    it('answers each request of clients who ask again and again until they are told that it closes', async () => {
      const upstream = keep(await startUpstream((_, outgoing) => void outgoing.end('whole.')))
      const gateway = await start(upstream.url, workers)
      let answered = 0
      const ended = Array.from({ length: 100 }, async () => {
        const client = await connectRaw(gateway.url)
        for (let sent = 1; ; sent += 1) {
          client.socket.write(get('/'))
          await Promise.race([nextAnswer(client, sent), client.closed])
          const answers = client.text().split('HTTP/1.1 200 OK').slice(1)
          if (answers.length < sent || !answers.at(-1)?.endsWith('whole.')) return 'lost'
          answered += 1
          if (answers.at(-1)?.includes('Connection: close')) return 'told'
        }
      })
      await waitFor('the load', () => answered > 1000)
      gateway.child.kill('SIGTERM')
      expect(new Set(await Promise.all(ended))).toEqual(new Set(['told']))
      expect(await gateway.exited).toBe(0)
    })

    it('carries bodies on in both directions to their ends', async () => {
      const upstream = keep(await startUpstream((incoming, outgoing) => void incoming.pipe(outgoing)))
      const gateway = await start(upstream.url, workers)
      const post = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${4 * MIB}\r\n\r\n`
      const clients = await Promise.all(Array.from({ length: 20 }, () => connectRaw(gateway.url, post)))
      for (const client of clients) client.socket.write('a'.repeat(MIB))
      for (const client of clients) await client.until('aaaa')
      gateway.child.kill('SIGTERM')
      await waitFor('the port to be closed', () => isRefused(gateway.url))
      for (const client of clients) client.socket.write('b'.repeat(3 * MIB))
      await Promise.all(clients.map(({ closed }) => closed))
      const whole = 'a'.repeat(MIB) + 'b'.repeat(3 * MIB)
      expect(clients.map((client) => parseAnswer(client.text()).body === whole)).toEqual(clients.map(() => true))
      expect(await gateway.exited).toBe(0)
    })

    it('cuts what is left after the grace, and says how many', async () => {
      const upstream = await startPatient()
      const gateway = await start(upstream.url, workers, { shutdown: { grace: '300ms' } })
      const clients = await Promise.all(Array.from({ length: 50 }, () => connectRaw(gateway.url, get('/'))))
      await waitFor('all to be in flight', () => upstream.waiting.length === 50)
      gateway.child.kill('SIGTERM')
      await Promise.all(clients.map(({ closed }) => closed))
      expect(await gateway.exited).toBe(0)
      const cut = gateway.logs().filter(({ msg }) => String(msg).endsWith('were cut'))
      expect(cut.reduce((sum, { requests }) => sum + Number(requests), 0)).toBe(50)
      await waitFor('no connection to the upstream', async () => (await upstream.connections()) === 0)
    })
  },
)

function nextAnswer(client: RawClient, count: number): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (client.text().split('whole.').length <= count) return
      client.socket.off('data', look)
      resolve()
    }
    client.socket.on('data', look)
    look()
  })
}
