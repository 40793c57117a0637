/** A JWKS (RFC 7517) as keys that can verify: imported, bound to one algorithm each, found by `kid` and `alg`. */
import { type CryptoKey, importJWK, type JWK } from 'jose'
import type { Algorithm } from '../config/token-kinds.ts'
import { KeyFetchError } from './key-fetch-error.ts'

/** What may be said of a key. */
export interface KeyName {
  readonly kid: string | undefined
  readonly alg: Algorithm
}

export interface KeySet {
  /** Number of usable keys. */
  readonly size: number
  readonly names: readonly KeyName[]
  /** Equal for sets with the same keys, in any order. */
  readonly fingerprint: string
  /**
   * Keys to try: those of this `kid` and `alg`, or without a `kid` all of this `alg`; 8 at most, so that no set makes
   * a token expensive.
   */
  candidates(kid: string | undefined, alg: string): readonly CryptoKey[]
}

interface UsableKey extends KeyName {
  readonly key: CryptoKey
  readonly fingerprint: string
}

/** Ten times what any issuer needs. To import more would take a core for long. */
const MAX_KEYS = 500
const MAX_CANDIDATES = 8
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']
const CURVES: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521', EdDSA: 'Ed25519' }
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  RSA: ['kty', 'n', 'e'],
  EC: ['kty', 'crv', 'x', 'y'],
  OKP: ['kty', 'crv', 'x'],
}

/**
 * Imports the keys of a parsed JWKS that may verify signatures with one of `algorithms`. Each gets exactly one: its own
 * `alg`, or else the first listed that fits its type (RFC 8725 section 3.1). Members that are broken, private, symmetric,
 * for encryption, RSA under 2048 bits or with an odd exponent are left out one by one; throws a KeyFetchError when none
 * remains, when there are more than 500 members, or it is no JWKS. Certificates (`x5c`) are not looked at.
 */
export async function importKeySet(document: unknown, algorithms: readonly Algorithm[]): Promise<KeySet> {
  if (!isObject(document) || !Array.isArray(document.keys)) throw new KeyFetchError('malformed')
  if (document.keys.length > MAX_KEYS) throw new KeyFetchError('too_large')
  const imported = await Promise.all(document.keys.map((jwk: unknown) => importKey(jwk, algorithms)))
  const keys = imported.filter((key) => key !== undefined)
  if (keys.length === 0) throw new KeyFetchError('no_usable_key')
  return createKeySet(keys)
}

function createKeySet(keys: readonly UsableKey[]): KeySet {
  const byKid = Map.groupBy(keys, ({ kid }) => kid)
  return {
    size: keys.length,
    names: keys.map(({ kid, alg }) => ({ kid, alg })),
    fingerprint: keys
      .map(({ fingerprint }) => fingerprint)
      .sort()
      .join('\n'),
    candidates(kid, alg) {
      const pool = kid === undefined ? keys : (byKid.get(kid) ?? [])
      return pool
        .filter((key) => key.alg === alg)
        .slice(0, MAX_CANDIDATES)
        .map(({ key }) => key)
    },
  }
}

async function importKey(jwk: unknown, algorithms: readonly Algorithm[]): Promise<UsableKey | undefined> {
  if (!isObject(jwk) || !isForVerification(jwk)) return undefined
  const alg = algorithmOf(jwk, algorithms)
  const { kid, kty } = jwk
  if (alg === undefined || (kid !== undefined && typeof kid !== 'string')) return undefined
  const material = Object.fromEntries((MEMBERS[String(kty)] ?? []).map((name) => [name, jwk[name]]))
  try {
    const key = await importJWK(material as JWK, alg)
    if (key instanceof Uint8Array || !isStrong(key)) return undefined
    return { kid, alg, key, fingerprint: JSON.stringify([kid, alg, material]) }
  } catch {
    // Whatever is wrong with one member (off-curve point, bad base64url) must not cost the others.
    return undefined
  }
}

function isForVerification(jwk: Record<string, unknown>): boolean {
  const { use, key_ops: operations } = jwk
  if (use !== undefined && use !== 'sig') return false
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return false
  return !PRIVATE_MEMBERS.some((name) => Object.hasOwn(jwk, name))
}

function algorithmOf(jwk: Record<string, unknown>, algorithms: readonly Algorithm[]): Algorithm | undefined {
  // RFC 9864 names Ed25519 what RFC 8037 calls EdDSA.
  const named = jwk.alg === 'Ed25519' ? 'EdDSA' : jwk.alg
  return algorithms.find((alg) => (named === undefined || named === alg) && fits(jwk, alg))
}

function fits({ kty, crv }: Record<string, unknown>, alg: Algorithm): boolean {
  const curve = CURVES[alg]
  if (curve === undefined) return kty === 'RSA'
  return crv === curve && kty === (alg === 'EdDSA' ? 'OKP' : 'EC')
}

/**
 * RSA: 2048 to 8192 bits (RFC 7518 section 3.3), and an odd exponent above 2^16 (FIPS 186-5) of at most 8 bytes: with
 * e = 1 anyone can sign, and a huge one makes each check expensive.
 */
function isStrong(key: CryptoKey): boolean {
  const { modulusLength, publicExponent } = key.algorithm as { modulusLength?: number; publicExponent?: Uint8Array }
  if (modulusLength === undefined || publicExponent === undefined) return true
  const exponent = publicExponent.reduce((sum, byte) => sum * 256 + byte, 0)
  const isOdd = ((publicExponent.at(-1) ?? 0) & 1) === 1
  return modulusLength >= 2048 && modulusLength <= 8192 && isOdd && exponent > 2 ** 16 && exponent < 2 ** 64
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
