/** How every UpstreamClient speaks TLS: it trusts nobody without a certificate for the name that it asked for. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import tls, { type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ClientUnderTest } from './upstream-client.contract.ts'
import { send } from './upstream-client-probe.ts'

export function describeTls({ client, keep }: ClientUnderTest): void {
  let folder = ''
  const authorities = tls.getCACertificates('default')
  const made = { key: '', cert: '' }

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'scopegate-tls-'))
    const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')]
    const subject = '-subj /CN=test -addext subjectAltName=DNS:localhost,IP:127.0.0.1'
    const command = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 ${subject} -keyout ${key} -out ${cert}`
    execFileSync('openssl', command.split(' '), { stdio: 'ignore' })
    Object.assign(made, { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') })
  })
  afterAll(() => {
    tls.setDefaultCACertificates(authorities)
    rmSync(folder, { recursive: true })
  })

  /** Answers with what the client said in its handshake. */
  async function serve(address = '127.0.0.1') {
    const seen = { connections: 0, requests: 0 }
    const server = https.createServer({ ...made, ALPNProtocols: ['h2', 'http/1.1'] }, (incoming, outgoing) => {
      seen.requests += 1
      const { servername, alpnProtocol } = incoming.socket as TLSSocket & { servername: string | false }
      outgoing.end(JSON.stringify([servername, alpnProtocol, incoming.headers.host]))
    })
    server.on('secureConnection', () => {
      seen.connections += 1
    })
    server.on('tlsClientError', () => {})
    await new Promise<void>((resolve) => server.listen(0, address, resolve))
    keep({ close: async () => void server.close().closeAllConnections() })
    return { seen, port: (server.address() as AddressInfo).port }
  }

  it('sends nothing to a server whose certificate nobody vouches for', async () => {
    tls.setDefaultCACertificates(authorities)
    const { seen, port } = await serve()
    const probe = await send(client(), `https://127.0.0.1:${port}`).over()
    expect([probe.calls, probe.error?.kind, seen.requests]).toEqual([['error'], 'connect', 0])
  })

  it('speaks HTTP/1.1 to one whose certificate is good, names it, and keeps the connection', async () => {
    tls.setDefaultCACertificates([...authorities, made.cert])
    const { seen, port } = await serve()
    for (let i = 0; i < 3; i += 1) {
      const probe = await send(client(), `https://localhost:${port}`).over()
      expect(JSON.parse(probe.body)).toEqual(['localhost', 'http/1.1', `localhost:${port}`])
    }
    expect(seen).toEqual({ connections: 1, requests: 3 })
  })

  it('does not send an address as a name', async () => {
    tls.setDefaultCACertificates([...authorities, made.cert])
    const { port } = await serve()
    const probe = await send(client(), `https://127.0.0.1:${port}`).over()
    expect(JSON.parse(probe.body)).toEqual([false, 'http/1.1', `127.0.0.1:${port}`])
  })

  it('sends nothing to a server whose certificate is for another name', async () => {
    tls.setDefaultCACertificates([...authorities, made.cert])
    const { seen, port } = await serve('::1')
    const probe = await send(client(), `https://[::1]:${port}`).over()
    expect([probe.calls, probe.error?.kind, seen.requests]).toEqual([['error'], 'connect', 0])
  })
}
