/** An issuer over real HTTP, with Keycloak's paths, that can rotate its keys and misbehave in every way. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { IssuerConfig } from '../../src/config/gateway-config.ts'
import {
  generateSigningKey,
  keycloakClaims,
  keycloakHeader,
  type SigningKey,
  signToken,
  type TokenKind,
} from './tokens.ts'

type Endpoint = 'discovery' | 'jwks'
export type Behaviour =
  | 'ok'
  /** 500 */
  | 'error'
  /** Takes the request and never answers. */
  | 'hang'
  /** Sends a head and half a body, then nothing more. */
  | 'stall'
  /** Closes the connection. */
  | 'reset'
  /** JSON of 600 KiB. */
  | 'huge'
  /** A body without end and without a length. */
  | 'endless'
  | 'html'
  /** 302 to a good document elsewhere on the server. */
  | 'redirect'
  | ((request: IncomingMessage, response: ServerResponse) => void)

export interface MintOptions {
  readonly kind?: TokenKind
  /** Default: the newest key. */
  readonly key?: SigningKey | undefined
  readonly header?: Record<string, unknown>
  /** Time of issue; default: the test clock's start if given to `createTestIssuer`, else the real time. */
  readonly nowMs?: number
}

export interface TestIssuer {
  /** `http://127.0.0.1:<port>/realms/shop`, as in `iss`. */
  readonly issuer: string
  readonly jwksUrl: string
  /** Requests that arrived, by endpoint. */
  readonly fetches: Readonly<Record<Endpoint, number>>
  /** Published keys, newest first. May be changed. */
  keys: SigningKey[]
  /** Further members of the published `keys`: poison. */
  extraKeys: unknown[]
  /** Members that replace those of the discovery document. */
  metadata: Record<string, unknown>
  /** An access token of Alice for `shop-api`; claims override, `undefined` removes one. */
  mint(claims?: Record<string, unknown>, options?: MintOptions): Promise<string>
  /** Publishes a new key, which `mint` uses from now on; the old ones stay unless `keepOld` is false. */
  rotate(options?: { readonly keepOld?: boolean; readonly alg?: string }): Promise<SigningKey>
  behave(endpoint: Endpoint, behaviour: Behaviour): void
  /** Resolves when the next request for this document has arrived. */
  nextRequest(endpoint: Endpoint): Promise<void>
  /** Stops listening and cuts all connections: from now on they are refused. */
  close(): Promise<void>
}

export interface TestIssuerOptions {
  /** First key; default: a new one. Making RSA keys is slow, and most tests need no key of their own. */
  readonly key?: SigningKey
  readonly realm?: string
  readonly alg?: string
  readonly audience?: string
  readonly now?: () => number
}

export async function createTestIssuer(options: TestIssuerOptions = {}): Promise<TestIssuer> {
  const { realm = 'shop', alg = 'RS256', audience = 'shop-api', now = Date.now } = options
  const paths = {
    discovery: `/realms/${realm}/.well-known/openid-configuration`,
    jwks: `/realms/${realm}/protocol/openid-connect/certs`,
  }
  const fetches = { discovery: 0, jwks: 0 }
  const behaviours: Record<Endpoint, Behaviour> = { discovery: 'ok', jwks: 'ok' }
  const waiting: Record<Endpoint, (() => void)[]> = { discovery: [], jwks: [] }
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    const endpoint = path === paths.discovery ? 'discovery' : 'jwks'
    if (path === '/elsewhere') return sendJson(response, documents.jwks())
    if (path !== paths[endpoint]) return void response.writeHead(404).end()
    fetches[endpoint]++
    for (const arrived of waiting[endpoint].splice(0)) arrived()
    answer(behaviours[endpoint], request, response, documents[endpoint])
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const issuer = `${origin}/realms/${realm}`

  const self: TestIssuer = {
    issuer,
    jwksUrl: origin + paths.jwks,
    fetches,
    keys: [options.key ?? (await generateSigningKey(alg))],
    extraKeys: [],
    metadata: {},
    mint(claims = {}, { kind = 'access', key = self.keys[0] as SigningKey, header = {}, nowMs = now() } = {}) {
      const payload = keycloakClaims(kind, issuer, claims, { audience, nowMs })
      return signToken(payload, key, { ...keycloakHeader(kind), ...header })
    },
    async rotate({ keepOld = true, alg: next = alg } = {}) {
      const key = await generateSigningKey(next)
      self.keys = keepOld ? [key, ...self.keys] : [key]
      return key
    },
    behave(endpoint, behaviour) {
      behaviours[endpoint] = behaviour
    },
    nextRequest: (endpoint) => new Promise((arrived) => waiting[endpoint].push(arrived)),
    async close() {
      const closed = new Promise((done) => server.close(done))
      server.closeAllConnections()
      await closed
    },
  }
  const documents: Record<Endpoint, () => unknown> = {
    discovery: () => ({ issuer, jwks_uri: self.jwksUrl, ...self.metadata }),
    jwks: () => ({ keys: [...self.keys.map((key) => key.publicJwk), ...self.extraKeys] }),
  }
  return self
}

function answer(behaviour: Behaviour, request: IncomingMessage, response: ServerResponse, document: () => unknown) {
  if (typeof behaviour === 'function') return behaviour(request, response)
  switch (behaviour) {
    case 'ok':
      return sendJson(response, document())
    case 'error':
      return void response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":"unknown_error"}')
    case 'hang':
      return
    case 'stall':
      return void response.writeHead(200, { 'content-type': 'application/json' }).write('{"keys":[')
    case 'reset':
      return void request.socket.destroy()
    case 'huge':
      return sendJson(response, { ...(document() as object), padding: 'x'.repeat(600 * 1024) })
    case 'endless':
      return sendEndlessly(response)
    case 'html':
      return void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Login</title>')
    case 'redirect':
      return void response.writeHead(302, { location: '/elsewhere' }).end()
  }
}

function sendJson(response: ServerResponse, document: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache' })
  response.end(JSON.stringify(document))
}

function sendEndlessly(response: ServerResponse): void {
  const blanks = Buffer.alloc(64 * 1024, ' ')
  const send = () => {
    while (!response.destroyed && response.write(blanks));
  }
  response.writeHead(200, { 'content-type': 'application/json' }).on('drain', send)
  send()
}

/** The settings of this issuer with the defaults of the file, by discovery unless `jwks` is given. */
export function toIssuerConfig(
  issuer: Pick<TestIssuer, 'issuer'>,
  overrides: Partial<IssuerConfig> = {},
): IssuerConfig {
  return {
    name: 'main',
    issuer: issuer.issuer,
    audience: ['shop-api'],
    roles: 'keycloak',
    algorithms: ['RS256'],
    clockSkewMs: 30_000,
    maxTokenAgeMs: 86_400_000,
    tokenTypes: ['at+jwt', 'keycloak'],
    keys: { freshForMs: 600_000, staleForMs: 86_400_000, refetchEveryMs: 30_000, timeoutMs: 3000 },
    ...overrides,
  }
}
