/** The gateway's own cookies as texts of `Cookie` and `Set-Cookie` fields (RFC 6265bis), in pieces where one is too large. */
import { OWN_COOKIES } from '../own-cookies.ts'

/** Own cookies of a request, by the rest of their names. One that stands there twice with different values is left out. */
export type OwnCookies = ReadonlyMap<string, string>

const ATTRIBUTES = 'Path=/; Secure; HttpOnly; SameSite=Lax'
/** Browsers keep cookies of at least 4096 bytes, with name and attributes (RFC 6265bis section 6.1). */
const PIECE_BYTES = 3800
/** More would not leave room for other fields in the 16 KiB that many servers take. */
export const MAX_PIECES = 3

/** A value does not fit into the cookies that there may be. */
export class CookieTooLarge extends Error {
  override readonly name = 'CookieTooLarge'
}

/** @param field all `Cookie` fields of a request, joined by `; ` */
export function readOwnCookies(field: string | undefined): OwnCookies {
  const own = new Map<string, string>()
  const twice = new Set<string>()
  for (const pair of field?.split(';') ?? []) {
    const text = pair.trim()
    const equals = text.indexOf('=')
    if (equals === -1 || !text.startsWith(OWN_COOKIES)) continue
    const name = text.slice(OWN_COOKIES.length, equals)
    const value = text.slice(equals + 1)
    // Which one the browser means cannot be known.
    if (own.has(name) && own.get(name) !== value) twice.add(name)
    own.set(name, value)
  }
  for (const name of twice) own.delete(name)
  return own
}

/** Value of a `Set-Cookie` field. Without `maxAgeSeconds` it lasts as long as the browser runs. */
export function setCookie(name: string, value: string, maxAgeSeconds?: number): string {
  const age = maxAgeSeconds === undefined ? '' : `; Max-Age=${maxAgeSeconds}`
  return `${OWN_COOKIES}${name}=${value}; ${ATTRIBUTES}${age}`
}

/** Value of a `Set-Cookie` field that removes a cookie. */
export function clearCookie(name: string): string {
  return setCookie(name, '', 0)
}

/**
 * Values of the `Set-Cookie` fields that store `text`: as one cookie, or as pieces of which the first says their number.
 * What `present` has of a longer text before is removed. Throws CookieTooLarge.
 */
export function setInPieces(name: string, text: string, present: OwnCookies): string[] {
  const count = Math.ceil(text.length / PIECE_BYTES)
  if (count > MAX_PIECES) throw new CookieTooLarge(`${text.length} bytes`)
  const pieces = Array.from({ length: count }, (_, i) => text.slice(i * PIECE_BYTES, (i + 1) * PIECE_BYTES))
  const set = pieces.map((piece, i) => setCookie(pieceName(name, i), i === 0 ? `${count}.${piece}` : piece))
  return [...set, ...clearPieces(name, present, count)]
}

/** Values of the `Set-Cookie` fields that remove the pieces which are `present`, from the one with this number on. */
export function clearPieces(name: string, present: OwnCookies, from = 0): string[] {
  const names = Array.from({ length: MAX_PIECES }, (_, i) => pieceName(name, i))
  return names.slice(from).flatMap((piece) => (present.has(piece) ? clearCookie(piece) : []))
}

/** What `setInPieces` stored; undefined when a piece is missing. What is left behind of a longer text does not count. */
export function joinPieces(name: string, cookies: OwnCookies): string | undefined {
  const [, digits, first = ''] = /^([1-9])\.(.+)$/.exec(cookies.get(name) ?? '') ?? []
  const count = Number(digits ?? 0)
  if (count === 0 || count > MAX_PIECES) return undefined
  let text = first
  for (let i = 1; i < count; i += 1) {
    const piece = cookies.get(pieceName(name, i))
    if (piece === undefined) return undefined
    text += piece
  }
  return text
}

function pieceName(name: string, index: number): string {
  return index === 0 ? name : `${name}.${index}`
}
