import { afterAll, afterEach, beforeAll, describe, it } from 'vitest'
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.ts'
import { type GatewayProcess, spawnGateway } from '../support/gateway-process.ts'
import { type Behaviour, createTestIssuer, type TestIssuer } from '../support/test-issuer.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'
import { waitFor } from '../support/wait-for.ts'
import { FAULT_TIMEOUT_MS, type Making, runFault } from './run-fault.ts'
import { type SickServer, startSickServer } from './sick-server.ts'

const KEYS = { freshFor: '1s', staleFor: '24h', refetchEvery: '1s', timeout: '500ms' }
/** A request may wait for one fetch; the rest is room for a busy machine. */
const DECIDED_WITHIN_MS = 2000

describe('a gateway whose issuer', () => {
  let issuer: TestIssuer
  /** The address of its keys. */
  let door: FaultyProxy
  let stranger: SickServer
  let upstream: TestUpstream
  let tokens: string[]
  let gateway: GatewayProcess

  beforeAll(async () => {
    issuer = await createTestIssuer()
    door = await startFaultyProxy(Number(new URL(issuer.jwksUrl).port))
    stranger = await startSickServer((socket) => socket.end())
    upstream = await startUpstream((_, outgoing) => outgoing.end('ok'))
    tokens = await Promise.all(['ann', 'bob', 'cat'].map((sub) => issuer.mint({ sub })))
  })
  afterEach(() => gateway?.stop())
  afterAll(async () => {
    for (const part of [door, stranger, upstream, issuer]) await part?.close()
  })

  const goodJwks = () => issuer.jwksUrl.replace(/:\d+\//, `:${door.port}/`)
  const fileWith = (jwks: string, keys = {}) => ({
    issuers: { main: { issuer: issuer.issuer, jwks, audience: 'shop-api', keys: { ...KEYS, ...keys } } },
    upstreams: { shop: upstream.url },
    routes: [{ path: '/any', to: 'shop', allow: [{ methods: ['GET'], token: 'any' }] }],
  })

  type Row = Pick<Making, 'make' | 'mend'> & {
    readonly isCold?: true
    readonly jwks?: () => string
    readonly keys?: object
  }
  const cold = (row: Omit<Row, 'isCold'>): Row => ({ ...row, isCold: true })
  const behaves = (behaviour: Behaviour): Row => ({
    make: () => issuer.behave('jwks', behaviour),
    mend: () => issuer.behave('jwks', 'ok'),
  })
  const away: Row = { make: () => door.become('refuse'), mend: () => door.become('pass') }
  const elsewhere = (jwks: () => string) =>
    cold({ jwks, make: () => {}, mend: () => gateway.rewrite(fileWith(goodJwks())) })

  const ROWS: readonly (readonly [string, Row])[] = [
    ['is down from the start', cold(away)],
    ['hangs from the start', cold(behaves('hang'))],
    ['answers 500 from the start', cold(behaves('error'))],
    ['answers a web page from the start', cold(behaves('html'))],
    ['has a name that does not resolve', elsewhere(() => 'http://id.invalid/certs')],
    ['has a certificate that nobody vouches for', elsewhere(() => `${stranger.secureUrl}/certs`)],
    ['goes down later', away],
    ['hangs later', behaves('hang')],
    ['is down for longer than `staleFor`', { ...away, keys: { staleFor: '2s' } }],
  ]

  it.for(ROWS)(
    '%s',
    { timeout: FAULT_TIMEOUT_MS },
    async ([fault, { isCold, jwks = goodJwks, keys, ...making }], context) => {
      const start = async () => {
        gateway = await spawnGateway(fileWith(jwks(), keys))
        return gateway
      }
      await runFault(context, 'an issuer', fault, {
        gateway: isCold ? start : await start(),
        paths: { any: '/any' },
        tokens,
        decidedWithinMs: DECIDED_WITHIN_MS,
        // One for each fetch that failed: a second apart at least.
        maxLines: 12,
        // A fault that nobody notices would show nothing.
        meanwhile: () => waitFor('a fetch that failed', () => gateway.output().includes('keys could not be fetched')),
        ...making,
      })
    },
  )
})
