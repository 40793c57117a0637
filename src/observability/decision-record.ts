/**
 * A line of the decision log: what a decision rested on, so that it can be made again by another file. No token, no query, and
 * of values only pseudonyms: equal values have equal ones within a line, which is all that conditions ask.
 */
import type { ClaimPath } from '../config/claim-path.ts'
import type { IssuerConfig } from '../config/gateway-config.ts'

export interface DecisionRecord {
  /** ISO 8601, UTC. */
  readonly time: string
  readonly method: string
  /** Canonical path. What is no literal of a route's path is a pseudonym. */
  readonly path: string
  /** Path of the route, as in the file; absent: no route. */
  readonly route?: string
  /** Line of `allow` that let it through, from 1. */
  readonly line?: number | 'public'
  readonly decision: 'allowed' | 'denied'
  /** Of the answer. */
  readonly status: number
  readonly reason: string
  /** Name of the route's upstream. */
  readonly upstream?: string
  /** Beside the policy that decided there was one that is only reported, and the caller is known. */
  readonly mode?: 'report'
  /** Why that one would have denied what was let through. */
  readonly wouldDeny?: string
  /** Scopes that would have opened it; absent: no scope alone would have. */
  readonly missing?: readonly string[]
  /** It would have allowed what was denied. */
  readonly wouldAllow?: true
  /** Part of the allowed requests that is recorded, when it is not all. */
  readonly sample?: number
  /** `none`: no token was sent; `unread`: perhaps one was, and nobody looked; `refused`: it was no good. */
  readonly caller: 'token' | 'none' | 'unread' | 'refused'
  readonly salt: string
  /** Of the rules by which the token was checked: see {@link rulesDigest}. */
  readonly rules?: string
  readonly issuer?: string
  readonly clientId?: string
  /** Hash, as in the access log. */
  readonly subject?: string
  readonly scopes?: readonly string[]
  readonly roles?: readonly string[]
  /** By JSON Pointer (RFC 6901): `sub`, and what conditions of the file named. Null: the token does not have it. */
  readonly claims?: Readonly<Record<string, ClaimValue>>
}

/** Text and numbers as pseudonyms. */
export type ClaimValue = string | boolean | null | readonly (string | boolean)[]

/** The digest in base64url. */
export type Sha256 = (text: string) => string

const PSEUDONYM_LENGTH = 16

/** `~` and 96 bits for a text, `#` for a number. Whoever has the line can try guesses: a pseudonym is not anonymous. */
export function toPseudonym(value: string | number, salt: string, sha256: Sha256): string {
  const mark = typeof value === 'string' ? '~' : '#'
  return mark + sha256(`${salt}${mark}${value}`).slice(0, PSEUDONYM_LENGTH)
}

/** Whether a text could be taken for a pseudonym. */
export function looksHidden(text: string): boolean {
  return text.startsWith('~') || text.startsWith('#')
}

/** Equal when tokens of these issuers are accepted, and their roles read, by the same settings. */
export function rulesDigest(issuers: readonly IssuerConfig[], sha256: Sha256): string {
  const rules = issuers.map((it) => [
    ...[it.issuer, it.audience, it.roles, it.algorithms, it.tokenTypes],
    ...[it.clockSkewMs, it.maxTokenAgeMs],
  ])
  return sha256(JSON.stringify(rules)).slice(0, PSEUDONYM_LENGTH)
}

/** RFC 6901. */
export function toPointer(path: ClaimPath): string {
  return path.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
