/**
 * A ticket and what a store keeps of it. The ticket is the only key: from it come, each by HKDF (RFC 5869), the name under which
 * the store has its token, and the key that encrypts it there. Who reads the store can neither use a ticket nor get a token.
 */
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'

/** 32 bytes in base64url. */
const TICKET = /^[A-Za-z0-9_-]{43}$/
const CIPHER = 'aes-256-gcm'
const TAG_BYTES = 16
/** Each key encrypts one text, so that no nonce comes twice (RFC 5116 section 3.1). */
const NONCE = Buffer.alloc(12)

/** Whether it may be one; any other text need not be looked for. */
export function isTicket(text: string): boolean {
  return TICKET.test(text)
}

/** The name under which a store keeps it. */
export function keyOf(ticket: string): string {
  return derive(ticket, 'name').toString('base64url')
}

export function sealToken(ticket: string, token: string): string {
  const cipher = createCipheriv(CIPHER, derive(ticket, 'key'), NONCE)
  return Buffer.concat([cipher.update(token, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64url')
}

/** Undefined: sealed with another ticket, or changed. */
export function openToken(ticket: string, sealed: string): string | undefined {
  const bytes = Buffer.from(sealed, 'base64url')
  if (bytes.length < TAG_BYTES) return undefined
  const decipher = createDecipheriv(CIPHER, derive(ticket, 'key'), NONCE, { authTagLength: TAG_BYTES })
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
  try {
    return decipher.update(bytes.subarray(0, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
  } catch {
    return undefined
  }
}

function derive(ticket: string, purpose: 'name' | 'key'): Buffer {
  return Buffer.from(hkdfSync('sha256', ticket, '', `scopegate ticket ${purpose}`, 32))
}
