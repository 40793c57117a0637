/** What the gateway itself tells an upstream about a request and its caller. */
import type { AccessToken } from '../authentication/access-token.ts'
import type { ClaimPath } from '../config/claim-path.ts'
import type { IdentityConfig } from '../config/identity-config.ts'
import { readClaim } from '../read-claim.ts'

export interface ForwardedFor {
  /** Address of the client, as found through trusted proxies. */
  readonly clientAddress: string
  /** `X-Forwarded-For` to send: what trusted proxies said, then the peer. */
  readonly chain: string
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly requestId: string
  /** This gateway's pseudonym in `Via`. */
  readonly pseudonym: string
}

/**
 * Adds the gateway's own fields to `headers`: X-Forwarded-*, Forwarded (RFC 7239), Via (RFC 9110 section 7.6.3) and
 * X-Request-Id. Copies that the client sent must be gone already.
 */
export function addForwardingFields(headers: string[], via: ForwardedFor): void {
  headers.push(
    'X-Forwarded-For',
    via.chain,
    'X-Forwarded-Proto',
    via.scheme,
    'X-Forwarded-Host',
    via.host,
    'Forwarded',
    `for=${toNode(via.clientAddress)};proto=${via.scheme};host="${via.host}"`,
    'Via',
    `1.1 ${via.pseudonym}`,
    'X-Request-Id',
    via.requestId,
  )
}

/** RFC 7239 section 6: an IPv6 address is bracketed and quoted. */
function toNode(address: string): string {
  return address.includes(':') ? `"[${address}]"` : address
}

/**
 * Adds the identity fields. A claim that is absent, empty or an object sets nothing: the client's own copy is gone, so the
 * upstream sees no such field. `scope` gives the union of the token's scopes.
 */
export function addIdentityFields(headers: string[], identity: IdentityConfig, token: AccessToken): void {
  let known = lastFields.get(token)
  if (known?.identity !== identity) {
    known = { identity, fields: toIdentityFields(identity, token) }
    lastFields.set(token, known)
  }
  for (const text of known.fields) headers.push(text)
}

/** What a token came to last: its next request is mostly for a route with the same fields. Goes with the token. */
const lastFields = new WeakMap<AccessToken, { readonly identity: IdentityConfig; readonly fields: readonly string[] }>()

function toIdentityFields(identity: IdentityConfig, token: AccessToken): string[] {
  const fields: string[] = []
  for (const [name, path] of identity.headers) {
    const value = toFieldValue(readIdentity(token, path))
    if (value !== undefined) fields.push(name, value)
  }
  return fields
}

function readIdentity(token: AccessToken, path: ClaimPath): unknown {
  if (path.length === 1 && path[0] === 'scope') return [...token.scopes].join(' ')
  return readClaim(token.claims, path)
}

/** A claim as a field value: plain text as it is, everything else percent-encoded so that no two claims look alike. */
function toFieldValue(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : encode(value)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (!Array.isArray(value)) return undefined
  const items = value.filter(
    (item) => typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean',
  )
  return items.length === 0 ? undefined : items.map((item) => encode(String(item)).replaceAll(',', '%2C')).join(',')
}

/** Keeps visible ASCII and inner blanks; `%`, controls, other characters and outer blanks become `%XX` of their UTF-8. */
function encode(text: string): string {
  if (/^[\x21-\x24\x26-\x7e]+(?: [\x21-\x24\x26-\x7e]+)*$/.test(text)) return text
  return text.toWellFormed().replace(/^ +| +$|[^\x20-\x24\x26-\x7e]+/g, encodeURIComponent)
}
