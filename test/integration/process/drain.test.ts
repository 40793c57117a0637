import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import net from 'node:net'
import { describe, expect, it } from 'vitest'
import { openTo, startGateway, writeConfig } from '../../support/gateway.ts'
import { closingAfterEach } from '../../support/keep.ts'
import { connectRaw } from '../../support/raw-client.ts'
import { parseAnswer, request } from '../../support/raw-http.ts'
import { startUpstream } from '../../support/upstream.ts'
import { waitFor } from '../../support/wait-for.ts'

const keep = closingAfterEach()
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

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
    socket.once('connect', () => resolve(false)).once('error', () => resolve(true))
    socket.once('connect', () => socket.destroy())
  })

describe('a stop of the gateway', () => {
  it('loses none of the requests in flight, and takes no new connection', async () => {
    const upstream = await patient()
    const gateway = await startGateway(openTo(upstream.url))
    const answers = Array.from({ length: 10 }, () => request(gateway.url, ['GET / HTTP/1.1']))
    await waitFor('the requests to arrive', () => upstream.waiting.length === 10)
    const closing = gateway.close()
    await waitFor('the port to be closed', () => isRefused(gateway.url))
    upstream.answerAll()
    for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ status: 200, body: 'whole' })
    await closing
  })

  it('serves what still comes on open connections, says that they close, and that the gateway is not ready', async () => {
    const upstream = keep(await startUpstream((_incoming, outgoing) => void outgoing.end('ok')))
    const gateway = await startGateway(openTo(upstream.url))
    const client = await connectRaw(gateway.url, GET)
    // With its blank line: a request's id may hold `ok`, too.
    expect(await client.until('\r\n\r\nok')).toContain('Connection: keep-alive')
    const closing = gateway.close()
    expect((await request(gateway.adminUrl, ['GET /readyz HTTP/1.1'])).status).toBe(503)
    expect((await request(gateway.adminUrl, ['GET /livez HTTP/1.1'])).status).toBe(200)
    client.socket.write(GET)
    await client.closed
    const second = parseAnswer(client.text().slice(client.text().lastIndexOf('HTTP/1.1')))
    expect(second).toMatchObject({ status: 200, body: 'ok' })
    expect(second.headers.get('connection')).toEqual(['close'])
    await closing
  })

  it('ends connections that are idle or have never said anything', async () => {
    const upstream = keep(await startUpstream())
    const gateway = await startGateway({ ...openTo(upstream.url), shutdown: { grace: '60s' } })
    const silent = await connectRaw(gateway.url)
    const half = await connectRaw(gateway.url, 'GET / HTTP/1.1\r\nHo')
    const idle = await connectRaw(gateway.url, GET)
    await idle.until('200 OK')
    await gateway.close()
    await Promise.all([silent.closed, half.closed, idle.closed])
  })

  it('cuts what still hangs after the grace', async () => {
    const upstream = await patient()
    const gateway = await startGateway({ ...openTo(upstream.url), shutdown: { grace: '100ms' } })
    const client = await connectRaw(gateway.url, GET)
    await waitFor('the request to arrive', () => upstream.waiting.length === 1)
    await gateway.close()
    await client.closed
    expect(client.text()).toBe('')
    expect(await isRefused(gateway.url)).toBe(true)
  })

  it('can be asked for twice', async () => {
    const gateway = await startGateway(openTo('http://127.0.0.1:1'))
    await Promise.all([gateway.close(), gateway.close()])
  })
})

describe('scopegate start', () => {
  async function start(file: Record<string, unknown>) {
    const config = keep(await writeConfig(file))
    const child = spawn(process.execPath, ['src/main.ts', 'start', '-c', config.file], {
      env: { PATH: process.env.PATH },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.stderr.on('data', (chunk) => {
      output += chunk
    })
    keep({ close: () => stop(child) })
    const line = await waitFor('the gateway to listen', () => /\{.*"msg":"listening"\}/.exec(output)?.[0])
    const { url, adminUrl } = JSON.parse(line) as { url: string; adminUrl: string }
    return { child, url, adminUrl, output: () => output, config }
  }
  const stop = async (child: ChildProcess): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'finishes its requests on %s, logs them, and exits with 0',
    async (signal) => {
      const upstream = await patient()
      const gateway = await start(openTo(upstream.url))
      const answers = Array.from({ length: 5 }, () => request(gateway.url, ['GET / HTTP/1.1']))
      await waitFor('the requests to arrive', () => upstream.waiting.length === 5)
      gateway.child.kill(signal)
      await waitFor('the stop', () => isRefused(gateway.url))
      upstream.answerAll()
      for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ status: 200, body: 'whole' })
      const [exitCode] = await once(gateway.child, 'exit')
      expect(exitCode).toBe(0)
      expect(gateway.output().match(/"msg":"request"/g)).toHaveLength(5)
      expect(gateway.output()).not.toMatch(/warning/i)
    },
  )

  it('reads its file again on SIGHUP', async () => {
    const upstream = keep(await startUpstream())
    const gateway = await start(openTo(upstream.url))
    gateway.child.kill('SIGHUP')
    await waitFor('the reload', () => gateway.output().includes('the new configuration is in force'))
    expect((await request(gateway.url, ['GET / HTTP/1.1'])).status).toBe(200)
  })

  it('says in one line that its port is taken', async () => {
    const first = await start(openTo('http://127.0.0.1:1'))
    const config = keep(await writeConfig(openTo('http://127.0.0.1:1')))
    const { port } = new URL(first.url)
    const child = spawn(process.execPath, ['src/main.ts', 'start', '-c', config.file, '--port', port], {
      env: { PATH: process.env.PATH },
    })
    let errors = ''
    child.stderr.on('data', (chunk) => {
      errors += chunk
    })
    const [exitCode] = await once(child, 'exit')
    expect([exitCode, errors]).toEqual([1, `scopegate cannot start: port ${port} is in use\n`])
  })
})
