/** A JWS in compact serialisation (RFC 7515 section 7.1), read more strictly than most libraries do. */
import { base64url, type CryptoKey, compactVerify, errors } from 'jose'
import { invalidToken } from '../errors.ts'
import type { Claims } from './access-token.ts'
import { ownMember, parseStrictJson } from './strict-json.ts'

/** What the gateway uses of a header. `jku`, `x5u`, `jwk` and `x5c` are not even read: keys come from the issuer. */
export interface JwsHeader {
  readonly alg: string
  readonly kid: string | undefined
  readonly typ: string | undefined
}

export interface Jws {
  readonly header: JwsHeader
  /** Not to be trusted before the signature has been verified. */
  readonly claims: Claims
}

const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/
const MAX_KID_LENGTH = 256
/** Last characters of a base64url text of length 2 and 3 modulo 4 whose unused bits are zero (RFC 4648 section 3.5). */
const CANONICAL_ENDS = ['', '', 'AQgw', 'AEIMQUYcgkosw048']

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads header and claims. Throws `invalid_token` when the token is not three canonical base64url parts, header or
 * payload is not a JSON object in UTF-8 with unique member names, or the header has `crit` or `b64` (RFC 7515
 * section 4.1.11, RFC 7797) or a malformed `alg`, `kid` or `typ`. The signature is not checked.
 */
export function readJws(token: string): Jws {
  const header = readJwsHeader(token)
  return { header, claims: readObject(token.split('.')[1] ?? '') }
}

/** The header part of `readJws`; of the other parts only the alphabet and the unused bits are checked. */
export function readJwsHeader(token: string): JwsHeader {
  if (!COMPACT.test(token)) throw invalidToken('token_malformed')
  const parts = token.split('.')
  if (!parts.every(isCanonical)) throw invalidToken('token_malformed')
  return rememberHeader(parts[0] ?? '')
}

/** An issuer heads all tokens that it signs with a key alike, so the last header is mostly the next one too. */
let last: { readonly part: string; readonly header: JwsHeader } | undefined

function rememberHeader(part: string): JwsHeader {
  if (last?.part !== part) last = { part, header: parseHeader(part) }
  return last.header
}

function parseHeader(part: string): JwsHeader {
  const header = readObject(part)
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) throw invalidToken('token_critical')
  const [alg, kid, typ] = ['alg', 'kid', 'typ'].map((name) => ownMember(header, name))
  if (typeof alg !== 'string') throw invalidToken('token_algorithm')
  if (!isOptionalString(kid) || (kid !== undefined && kid.length > MAX_KID_LENGTH))
    throw invalidToken('token_malformed')
  if (!isOptionalString(typ)) throw invalidToken('token_type')
  if (Object.hasOwn(header, 'enc')) throw invalidToken('token_malformed')
  return { alg, kid, typ }
}

/**
 * Whether one of `keys` made the signature, with exactly `alg`. The keys must have been imported for that algorithm.
 * Expects a token that `readJwsHeader` has accepted.
 */
export async function hasValidSignature(token: string, alg: string, keys: readonly CryptoKey[]): Promise<boolean> {
  for (const key of keys) {
    try {
      await compactVerify(token, key, { algorithms: [alg] })
      return true
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw invalidToken('token_signature', error)
    }
  }
  return false
}

function isCanonical(part: string): boolean {
  const rest = part.length % 4
  return rest === 0 || (CANONICAL_ENDS[rest] as string).includes(part.at(-1) as string)
}

function readObject(part: string): Claims {
  let value: unknown
  try {
    value = parseStrictJson(decoder.decode(base64url.decode(part)))
  } catch (error) {
    throw invalidToken('token_malformed', error)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalidToken('token_malformed')
  return value as Claims
}

function isOptionalString(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string'
}
