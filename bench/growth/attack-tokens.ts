/** Tokens of an attacker, each of them different and none of them signed by the issuer. */
import { randomBytes, randomUUID } from 'node:crypto'
import { encode } from '../../test/support/tokens.ts'

export type BadToken = 'garbage' | 'unknownKid' | 'badSignature'

/** RS256 with a key of 2,048 bits. */
const SIGNATURE_BYTES = 256

/** As long as `good`, a token that the gateway lets through, and like it in all but what the kind says. */
export function badTokens(kind: BadToken, good: string, count: number): string[] {
  const [header = '', payload = ''] = good.split('.')
  const spoil = { garbage: toGarbage, unknownKid: withUnknownKid, badSignature: withOtherSubject }[kind]
  return Array.from({ length: count }, () => `${spoil(header, payload)}.${encode(randomBytes(SIGNATURE_BYTES))}`)
}

/** Three parts of base64url: what has another alphabet is refused for less. */
function toGarbage(header: string, payload: string): string {
  return [header, payload].map((part) => encode(randomBytes(Math.floor((part.length * 3) / 4)))).join('.')
}

function withUnknownKid(header: string, payload: string): string {
  return `${change(header, { kid: randomUUID() })}.${payload}`
}

/** All is right but the signature: the gateway knows only once it has verified it. */
function withOtherSubject(header: string, payload: string): string {
  return `${header}.${change(payload, { sub: randomUUID() })}`
}

function change(part: string, members: Record<string, string>): string {
  const object = JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>
  return encode(JSON.stringify({ ...object, ...members }))
}
