/** Tokens in the shapes that Keycloak 26 issues, signed with jose, and ways to spoil them. */
import { randomUUID } from 'node:crypto'
import { base64url, CompactSign, type CryptoKey, exportJWK, type JWK } from 'jose'
import { TEST_TIME_MS } from './clock.ts'

export interface SigningKey {
  readonly alg: string
  readonly kid: string | undefined
  readonly privateKey: CryptoKey
  /** As it stands in a JWKS: with `kid`, `alg` and `use`. */
  readonly publicJwk: JWK
}

export type TokenKind =
  | 'access'
  | 'rfc9068'
  | 'service'
  | 'lightweight'
  | 'dpop'
  | 'id'
  | 'refresh'
  | 'offline'
  | 'logout'

type Json = Record<string, unknown>
type AlgorithmParameters = Record<string, unknown> & { name: string }

const PSS_SALT_BYTES: Readonly<Record<string, number>> = { '256': 32, '384': 48, '512': 64 }
const CURVES: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }

/** A new key pair. `kid: undefined` leaves it out of the JWK. RSA keys of 1024 bits are possible, as attackers' are. */
export async function generateSigningKey(
  alg = 'RS256',
  options: { readonly kid?: string | undefined; readonly modulusLength?: number } = {},
): Promise<SigningKey> {
  const kid = 'kid' in options ? options.kid : randomUUID()
  const pair = await crypto.subtle.generateKey(parameters(alg, options.modulusLength ?? 2048), true, ['sign', 'verify'])
  const { publicKey, privateKey } = pair as { publicKey: CryptoKey; privateKey: CryptoKey }
  const { kty, n, e, crv, x, y } = await exportJWK(publicKey)
  const material = Object.entries({ kty, n, e, crv, x, y }).filter(([, value]) => value !== undefined)
  const publicJwk = { ...Object.fromEntries(material), ...(kid !== undefined && { kid }), alg, use: 'sig' } as JWK
  return { alg, kid, privateKey, publicJwk }
}

function parameters(alg: string, modulusLength: number): AlgorithmParameters {
  if (alg === 'EdDSA') return { name: 'Ed25519' }
  const namedCurve = CURVES[alg]
  if (namedCurve !== undefined) return { name: 'ECDSA', namedCurve }
  const name = alg.startsWith('PS') ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5'
  return { name, modulusLength, publicExponent: new Uint8Array([1, 0, 1]), hash: `SHA-${alg.slice(2)}` }
}

/** Signs any claims. A header member that is `undefined` is left out. */
export async function signToken(claims: Json, key: SigningKey, header: Json = {}): Promise<string> {
  const protectedHeader = withoutUndefined({ alg: key.alg, typ: 'JWT', kid: key.kid, ...header })
  return new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
    .setProtectedHeader(protectedHeader as { alg: string })
    .sign(key.privateKey)
}

/** Signs header and payload exactly as written, valid or not: repeated members, `crit`, no JSON at all. */
export async function signText(header: string, payload: string | Uint8Array, key: SigningKey): Promise<string> {
  const input = `${encode(header)}.${encode(payload)}`
  const bits = key.alg.slice(2)
  const algorithm =
    key.alg === 'EdDSA'
      ? 'Ed25519'
      : { name: key.privateKey.algorithm.name, hash: `SHA-${bits}`, saltLength: PSS_SALT_BYTES[bits] ?? 0 }
  const signature = await crypto.subtle.sign(algorithm, key.privateKey, new TextEncoder().encode(input))
  return `${input}.${encode(new Uint8Array(signature))}`
}

/** The classic confusion: an HMAC whose secret is whatever bytes the attacker knows, such as the public key. */
export async function signHmac(header: Json, claims: Json, secret: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret
  const hash = `SHA-${String(header.alg).slice(2)}`
  const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash }, false, ['sign'])
  const input = `${encode(JSON.stringify(header))}.${encode(JSON.stringify(claims))}`
  const signature = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(input))
  return `${input}.${encode(new Uint8Array(signature))}`
}

/** base64url of text or bytes: one part of a token. */
export function encode(part: string | Uint8Array): string {
  return base64url.encode(part)
}

/** The token with parts replaced as they are, the signature being the old one. */
export function withParts(
  token: string,
  parts: { readonly header?: string; readonly payload?: string; readonly signature?: string },
): string {
  const [header = '', payload = '', signature = ''] = token.split('.')
  return [parts.header ?? header, parts.payload ?? payload, parts.signature ?? signature].join('.')
}

/** The token with one bit of its signature flipped; still canonical base64url. */
export function withBrokenSignature(token: string): string {
  const bytes = base64url.decode(token.split('.')[2] ?? '')
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
  return withParts(token, { signature: encode(bytes) })
}

/** What is in the token, unverified. */
export function decodeToken(token: string): { readonly header: Json; readonly claims: Json } {
  const [header = '', payload = ''] = token.split('.')
  const read = (part: string) => JSON.parse(new TextDecoder().decode(base64url.decode(part))) as Json
  return { header: read(header), claims: read(payload) }
}

/** The claims of a token of this kind for Alice at client `spa`, living 5 minutes. An override of `undefined` removes a claim. */
export function keycloakClaims(
  kind: TokenKind,
  issuer: string,
  overrides: Json = {},
  { audience = 'shop-api', nowMs = TEST_TIME_MS }: { readonly audience?: string; readonly nowMs?: number } = {},
): Json {
  const iat = Math.floor(nowMs / 1000)
  const subject = '0b2c4a7e-7d53-4d0c-9f0e-51a1c0ffee01'
  const base = { exp: iat + 300, iat, jti: `onrtac:${randomUUID()}`, iss: issuer, aud: audience, sub: subject }
  return withoutUndefined({ ...base, ...kindClaims(kind, issuer, iat), ...overrides })
}

const SESSION = 'nCdGQkEDpQwIhGwg3EqvzJd3'
const ACCESS: Json = {
  typ: 'Bearer',
  azp: 'spa',
  sid: SESSION,
  acr: '1',
  'allowed-origins': ['http://127.0.0.1:5173'],
  realm_access: { roles: ['offline_access', 'default-roles-shop', 'customer'] },
  resource_access: { 'shop-api': { roles: ['reader'] }, account: { roles: ['manage-account'] } },
  scope: 'openid email profile',
  email_verified: true,
  preferred_username: 'alice',
}

function kindClaims(kind: TokenKind, issuer: string, iat: number): Json {
  switch (kind) {
    case 'access':
    case 'rfc9068':
      return ACCESS
    case 'service': {
      const service = {
        azp: 'billing',
        client_id: 'billing',
        sid: undefined,
        scope: 'orders:read',
        preferred_username: undefined,
      }
      return { ...ACCESS, ...service, jti: `trrtcc:${randomUUID()}` }
    }
    case 'lightweight':
      return { typ: 'Bearer', azp: 'spa', sid: SESSION, scope: 'openid profile email', sub: undefined }
    case 'dpop':
      return {
        ...ACCESS,
        typ: 'DPoP',
        cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I', 'kc-jkt-type': 'DPoP' },
      }
    case 'id':
      return {
        typ: 'ID',
        azp: 'spa',
        sid: SESSION,
        aud: 'spa',
        at_hash: 'x4Yk0l1bG3n5mVQ0q3o9Zw',
        nonce: 'n-0S6',
        auth_time: iat,
      }
    case 'refresh':
      return { typ: 'Refresh', azp: 'spa', sid: SESSION, aud: issuer, scope: 'openid email profile' }
    case 'offline':
      return { typ: 'Offline', azp: 'spa', sid: SESSION, aud: issuer, scope: 'openid offline_access', exp: undefined }
    case 'logout': {
      const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
      return { typ: 'Logout', aud: 'spa', sid: SESSION, exp: iat + 120, jti: randomUUID(), events }
    }
  }
}

/** Header members by which this kind differs from a plain `JWT`. */
export function keycloakHeader(kind: TokenKind): Json {
  if (kind === 'rfc9068') return { typ: 'at+jwt' }
  return kind === 'logout' ? { typ: 'logout+jwt' } : {}
}

function withoutUndefined(object: Json): Json {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
}
