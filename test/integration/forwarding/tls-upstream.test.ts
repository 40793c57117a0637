import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { openTo, startGateway } from '../../support/gateway.ts'
import { closingAfterEach } from '../../support/keep.ts'
import { request } from '../../support/raw-http.ts'
import { waitFor } from '../../support/wait-for.ts'

const keep = closingAfterEach()

it('sends nothing to an upstream whose certificate nobody vouches for', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'scopegate-tls-'))
  const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')]
  const subject = '-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1'
  const command = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 ${subject} -keyout ${key} -out ${cert}`
  execFileSync('openssl', command.split(' '), { stdio: 'ignore' })
  let requests = 0
  const server = https.createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_incoming, outgoing) => {
    requests += 1
    outgoing.end()
  })
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  keep({
    close: async () => {
      server.close().closeAllConnections()
      rmSync(folder, { recursive: true })
    },
  })
  const gateway = keep(await startGateway(openTo(`https://127.0.0.1:${(server.address() as AddressInfo).port}`)))
  const answer = await request(gateway.url, ['GET / HTTP/1.1'])
  expect([answer.status, requests]).toEqual([502, 0])
  expect(await waitFor('the log', () => gateway.logs().find(({ msg }) => msg === 'request'))).toMatchObject({
    reason: 'upstream_connect',
    cause: expect.stringContaining('SELF_SIGNED'),
  })
})
