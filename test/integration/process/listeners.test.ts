import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import tls from 'node:tls'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { readConfigStatus } from '../../support/config-status.ts'
import { openTo, startGateway, writeConfig } from '../../support/gateway.ts'
import { closingAfterEach } from '../../support/keep.ts'
import { connectRaw } from '../../support/raw-client.ts'
import { parseAnswer, request, sendRaw } from '../../support/raw-http.ts'
import { startUpstream } from '../../support/upstream.ts'
import { waitFor } from '../../support/wait-for.ts'

const keep = closingAfterEach()
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

async function startTls() {
  const config = keep(await writeConfig({}))
  const folder = path.dirname(config.file)
  const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')]
  const issue = async (name: string) => {
    const options = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=${name} -keyout ${key} -out ${cert}`
    await promisify(execFile)('openssl', options.split(' '))
  }
  await issue('localhost')
  const upstream = keep(await startUpstream())
  const listen = { host: '127.0.0.1', port: 0, tls: { cert, key } }
  const gateway = keep(await startGateway({ ...openTo(upstream.url), listen }))
  return { gateway, upstream, cert, issue, secret: (await readFile(key, 'utf8')).split('\n')[1] ?? '' }
}

describe('the TLS listener', () => {
  it('serves, and tells the upstream so', async () => {
    const { gateway, upstream } = await startTls()
    expect(gateway.url).toMatch(/^https:/)
    const text = await sendRaw(gateway.url, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', { secure: true })
    expect(parseAnswer(text).status).toBe(200)
    expect(upstream.lastField('x-forwarded-proto')).toEqual(['https'])
    expect(upstream.lastField('forwarded')[0]).toContain('proto=https')
  })

  it('gives HTTP without TLS no answer but the end, goes on, and never shows its key', async () => {
    const { gateway, secret } = await startTls()
    expect(await sendRaw(gateway.url, GET)).not.toContain('HTTP/1.1 200')
    const text = await sendRaw(gateway.url, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', { secure: true })
    expect(parseAnswer(text).status).toBe(200)
    const status = await request(gateway.adminUrl, ['GET /config/status HTTP/1.1'])
    expect(secret.length).toBeGreaterThan(20)
    expect(status.text + gateway.logText()).not.toContain(secret)
  })
})

describe('a renewed certificate', () => {
  const nameOf = (url: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = tls.connect({ host: '127.0.0.1', port: Number(new URL(url).port), rejectUnauthorized: false })
      socket.once('error', reject)
      socket.once('secureConnect', () => {
        resolve(String(socket.getPeerCertificate().subject.CN))
        socket.destroy()
      })
    })

  it('is shown to new connections after a reload', async () => {
    const { gateway, issue } = await startTls()
    expect(await nameOf(gateway.url)).toBe('localhost')
    await issue('renewed')
    await gateway.reload()
    expect(await nameOf(gateway.url)).toBe('renewed')
  })

  it('is refused without its key, and the one before stays', async () => {
    const { gateway, issue, cert } = await startTls()
    const before = await readFile(cert)
    await issue('renewed')
    await writeFile(cert, before)
    await gateway.reload()
    expect(await nameOf(gateway.url)).toBe('localhost')
    const { lastRefusal } = await readConfigStatus(gateway)
    expect(lastRefusal?.problems).toHaveLength(1)
  })
})

describe('the admin listener', () => {
  it.each([
    ['/livez', 200],
    ['/readyz', 200],
    ['/metrics', 200],
    ['/config/status', 200],
    ['/', 404],
    ['/orders', 404],
    ['/config', 404],
    ['/config/status/', 404],
    ['/.well-known/oauth-protected-resource', 404],
    ['/metrics/../config', 404],
  ])('answers GET %s with %d, and forwards nothing', async (target, status) => {
    const upstream = keep(await startUpstream())
    const gateway = keep(await startGateway(openTo(upstream.url)))
    expect((await request(gateway.adminUrl, [`GET ${target} HTTP/1.1`])).status).toBe(status)
    expect((await request(gateway.adminUrl, [`POST ${target} HTTP/1.1`, 'Content-Length: 0'])).status).toBe(404)
    expect(upstream.received).toHaveLength(0)
  })

  it('is not reachable through the data listener', async () => {
    const upstream = keep(await startUpstream((_incoming, outgoing) => void outgoing.end('upstream')))
    const gateway = keep(await startGateway(openTo(upstream.url)))
    for (const target of ['/livez', '/readyz', '/metrics', '/config/status']) {
      expect((await request(gateway.url, [`GET ${target} HTTP/1.1`])).body).toBe('upstream')
    }
  })

  it('can be left out', async () => {
    const gateway = keep(await startGateway({ ...openTo('http://127.0.0.1:1'), admin: false }))
    expect(gateway.adminUrl).toBe('')
  })

  it('shows no secret of the file', async () => {
    const redis = { url: 'redis://user:marked-password@127.0.0.1:1' }
    const gateway = keep(await startGateway({ ...openTo('http://127.0.0.1:1'), redis }))
    await request(gateway.url, ['GET / HTTP/1.1'])
    const pages = await Promise.all(
      ['/livez', '/readyz', '/metrics', '/config/status'].map((page) =>
        request(gateway.adminUrl, [`GET ${page} HTTP/1.1`]),
      ),
    )
    await gateway.close()
    expect(pages.map(({ text }) => text).join() + gateway.logText()).not.toContain('marked')
  })
})

describe('the limits of the listener', () => {
  const open = async (limits: Record<string, unknown>) => {
    const upstream = keep(await startUpstream())
    return keep(await startGateway({ ...openTo(upstream.url), limits }))
  }

  it('tells connections beyond `connections` that it is overloaded, and takes new ones afterwards', async () => {
    const gateway = await open({ connections: 2 })
    const [one, two] = [await connectRaw(gateway.url, GET), await connectRaw(gateway.url, GET)]
    await Promise.all([one.until('200 OK'), two.until('200 OK')])
    const third = await connectRaw(gateway.url, GET)
    await third.closed
    expect(parseAnswer(third.text())).toMatchObject({ status: 503 })
    expect(parseAnswer(third.text()).headers.get('retry-after')).toEqual(['1'])
    one.socket.destroy()
    await waitFor('a place', async () => (await request(gateway.url, ['GET / HTTP/1.1'])).status === 200)
    two.socket.destroy()
  })

  it('answers 408 to a head that is not there in time', async () => {
    const gateway = await open({ headerTimeout: '100ms' })
    const client = await connectRaw(gateway.url, 'GET / HTTP/1.1\r\nHost: a\r\nX-Sl')
    await client.closed
    expect(parseAnswer(client.text()).status).toBe(408)
    await waitFor('the log', () =>
      gateway.logs().some(({ reason, status }) => reason === 'slow_request' && status === 408),
    )
  })

  it('answers 408 to a body that is not there in time, also when it trickles', async () => {
    const gateway = await open({ requestTimeout: '300ms' })
    const client = await connectRaw(gateway.url, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n')
    const trickle = setInterval(() => client.socket.write('x'), 20)
    await client.until('HTTP/1.1')
    clearInterval(trickle)
    await client.closed
    expect(parseAnswer(client.text()).status).toBe(408)
    const lines = await waitFor('the log', () => {
      const found = gateway.logs().filter(({ msg }) => msg === 'request')
      return found.length > 0 ? found : undefined
    })
    expect(lines).toMatchObject([{ status: 408, reason: 'slow_request', decision: 'denied', path: '/' }])
  })

  it('ends a connection that is idle for `keepAliveTimeout`', async () => {
    const gateway = await open({ keepAliveTimeout: '100ms' })
    const client = await connectRaw(gateway.url, GET)
    await client.until('200 OK')
    await client.closed
  })
})
