/** Which window a request is counted in. */
import { hash } from 'node:crypto'
import type { AccessToken } from '../authentication/access-token.ts'
import type { ClaimPath } from '../config/claim-path.ts'
import type { KeyPart, RateLimitPolicy } from '../config/gateway-config.ts'
import { readClaim } from '../read-claim.ts'
import { toClientNetwork } from './client-network.ts'

/** What of a request can be counted. */
export interface LimitSubject {
  /** The client's address, as believed; not yet reduced to its network. */
  readonly clientIp: string
  /** The route's path as written in the file. */
  readonly routePath: string
  /** Absent: before authentication, or a public route. */
  readonly token?: AccessToken | undefined
  /** All values of a field, joined; the name is lower case. */
  header(name: string): string | undefined
  /** The value of a form field, as `readFormField` reads it. */
  form(name: string): string | undefined
}

/**
 * The key of the request's window: `<policy>:<22 characters>`, of fixed size, without personal data and `{}`.
 * Undefined: the policy does not count this request, because it counts tokens and there is none, or skips what lacks a part.
 * Two different subjects never share a key, but all those without a part (no such claim, field or address) share one,
 * unless they are skipped: leaving a part out opens no new window.
 */
export function toWindowKey(policy: RateLimitPolicy, subject: LimitSubject): string | undefined {
  const [only] = policy.key
  if (only !== undefined && policy.key.length === 1) {
    if (only.from === 'client.ip') return recall(policy, subject, subject.clientIp, '')
    if (only.from === 'token') {
      if (subject.token === undefined) return undefined
      const value = readClaim(subject.token.claims, only.claim)
      if (typeof value === 'string') return recall(policy, subject, value, subject.token.issuer)
    }
  }
  if (subject.token === undefined && policy.key.some((part) => part.from === 'token')) return undefined
  const parts = readParts(policy, subject)
  return isSkipped(policy, parts) ? undefined : makeKey(policy, parts)
}

type Parts = readonly (string | readonly string[] | null)[]

/** Null: the request does not have this part. */
function readParts(policy: RateLimitPolicy, subject: LimitSubject): Parts {
  return policy.key.map((part) => readPart(part, subject) ?? null)
}

/** Every request has an address, whatever could be made of it. */
function isSkipped({ whenMissing, key }: RateLimitPolicy, parts: Parts): boolean {
  return whenMissing === 'skip' && key.some(({ from }, index) => from !== 'client.ip' && parts[index] === null)
}

function makeKey(policy: RateLimitPolicy, parts: Parts): string {
  return `${policy.name}:${hash('sha256', JSON.stringify(parts), 'base64url').slice(0, 22)}`
}

/**
 * Keys made lately from an address or a string claim, by policy and text: the hash costs more than the rest of a check
 * in memory. Forgotten as a whole when full, for clients choose the texts; long ones are not kept.
 */
const made = new WeakMap<RateLimitPolicy, Map<string, { readonly issuer: string; readonly key: string }>>()
const MADE_SIZE = 10_000
const MADE_LENGTH = 128

/** @param text all that the key depends on, beside the policy and the issuer */
function recall(policy: RateLimitPolicy, subject: LimitSubject, text: string, issuer: string): string {
  let keys = made.get(policy)
  const known = keys?.get(text)
  if (known?.issuer === issuer) return known.key
  const key = makeKey(policy, readParts(policy, subject))
  if (keys === undefined || keys.size >= MADE_SIZE) {
    keys = new Map()
    made.set(policy, keys)
  }
  if (text.length <= MADE_LENGTH) keys.set(text, { issuer, key })
  return key
}

/** JSON keeps any two parts apart, whatever they hold. */
function readPart(part: KeyPart, subject: LimitSubject): string | readonly string[] | undefined {
  switch (part.from) {
    case 'client.ip':
      return toClientNetwork(subject.clientIp)
    case 'route':
      return subject.routePath
    case 'token':
      return subject.token && readIdentity(subject.token, part.claim)
    case 'header':
      return subject.header(part.name)
    case 'form':
      return subject.form(part.name)
  }
}

/** A value means something only together with its issuer and type: `1` is not `"1"`. */
function readIdentity({ issuer, claims }: AccessToken, path: ClaimPath): readonly string[] | undefined {
  const value = readClaim(claims, path)
  const type = typeof value
  return type === 'string' || type === 'number' || type === 'boolean' ? [issuer, type, String(value)] : undefined
}
