/**
 * HAProxy with every check by hand: its JWT functions verify a signature and read claims, no more. One thread, keep-alive
 * on both sides, connections to the upstream shared, no log. The key is in a file: it has no JWKS.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../../test/support/free-port.ts'
import { ALL_CHECKS } from '../checks.ts'
import { findProgram, GATEWAY_CORE, startPinned } from '../processes.ts'
import { missingProgram, type Row } from '../row.ts'
import { AUDIENCE, publicKeyPem, SCOPE } from '../tokens.ts'

interface HaproxyOptions {
  readonly port: number
  readonly upstreamPort: number
  readonly issuer: string
  readonly audience: string
  readonly scope: string
  /** PEM file with the public key. */
  readonly keyFile: string
}

function haproxyConfig({ port, upstreamPort, issuer, audience, scope, keyFile }: HaproxyOptions): string {
  return `global
  nbthread 1
  maxconn 8000
defaults
  mode http
  timeout connect 2s
  timeout client 65s
  timeout server 30s
  timeout http-request 10s
  http-reuse always
frontend gateway
  bind 127.0.0.1:${port} backlog 4096
  http-request set-var(txn.bearer) http_auth_bearer
  http-request deny deny_status 401 unless { var(txn.bearer) -m found }
  http-request set-var(txn.alg) var(txn.bearer),jwt_header_query('$.alg')
  http-request set-var(txn.iss) var(txn.bearer),jwt_payload_query('$.iss')
  http-request set-var(txn.aud) var(txn.bearer),jwt_payload_query('$.aud')
  http-request set-var(txn.exp) var(txn.bearer),jwt_payload_query('$.exp','int')
  http-request set-var(txn.scope) var(txn.bearer),jwt_payload_query('$.scope')
  http-request set-var(txn.now) date()
  http-request deny deny_status 401 unless { var(txn.alg) -m str RS256 }
  http-request deny deny_status 401 unless { var(txn.iss) -m str ${issuer} }
  http-request deny deny_status 401 unless { var(txn.aud) -m str ${audience} }
  http-request deny deny_status 401 if { var(txn.exp),sub(txn.now) -m int lt 0 }
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_verify(txn.alg,"${keyFile}") -m int 1 }
  http-request deny deny_status 404 unless { path_beg /orders/ }
  http-request deny deny_status 405 unless METH_GET
  http-request deny deny_status 403 unless { var(txn.scope) -m reg (^|\\ )${scope}(\\ |$) }
  default_backend orders
backend orders
  server orders 127.0.0.1:${upstreamPort}
`
}

const haproxy: Row = {
  ...{ id: 'haproxy', title: 'HAProxy (key from a file; no limit, no log)', group: 'other' },
  ...{ tokens: 'few', checks: ALL_CHECKS },
  missing: () => missingProgram('haproxy'),
  async start(world) {
    const port = await freePort()
    const keyFile = join(world.folder, 'haproxy.pem')
    const config = join(world.folder, 'haproxy.cfg')
    const expected = { issuer: world.issuer.issuer, audience: AUDIENCE, scope: SCOPE }
    await writeFile(keyFile, publicKeyPem(world.issuer))
    await writeFile(config, haproxyConfig({ port, upstreamPort: world.upstream.port, keyFile, ...expected }))
    const options = { core: GATEWAY_CORE, port, outputFile: world.outputFile('haproxy') }
    return startPinned([findProgram('haproxy') as string, '-db', '-f', config], options)
  },
}

export const HAPROXY_ROWS: readonly Row[] = [haproxy]
