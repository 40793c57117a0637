import { createDecipheriv, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { isTicket, keyOf, openToken, sealToken } from '../../../src/tickets/seal-ticket.ts'

const newTicket = () => randomBytes(32).toString('base64url')
const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1LTEifQ.c2lnbmF0dXJl'

describe('a sealed token', () => {
  it('opens with its ticket and with no other', () => {
    const ticket = newTicket()
    const sealed = sealToken(ticket, TOKEN)
    expect(openToken(ticket, sealed)).toBe(TOKEN)
    expect(openToken(newTicket(), sealed)).toBeUndefined()
  })

  it('tells nothing of the token or the ticket, and neither does its name', () => {
    const ticket = newTicket()
    const sealed = Buffer.from(sealToken(ticket, TOKEN), 'base64url').toString('latin1')
    const name = Buffer.from(keyOf(ticket), 'base64url')
    for (const part of TOKEN.split('.')) expect(sealed).not.toContain(part)
    expect(name).toHaveLength(32)
    expect(name.equals(Buffer.from(ticket, 'base64url'))).toBe(false)
  })

  it('does not open with all that the store has', () => {
    const ticket = newTicket()
    const sealed = Buffer.from(sealToken(ticket, TOKEN), 'base64url')
    expect(openToken(keyOf(ticket), sealed.toString('base64url'))).toBeUndefined()
    const decipher = createDecipheriv('aes-256-gcm', Buffer.from(keyOf(ticket), 'base64url'), Buffer.alloc(12))
    decipher.setAuthTag(sealed.subarray(-16)).update(sealed.subarray(0, -16))
    expect(() => decipher.final()).toThrow()
  })

  it('does not open when anything about it was changed', () => {
    const ticket = newTicket()
    const sealed = Buffer.from(sealToken(ticket, TOKEN), 'base64url')
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed)
      changed[at] = (changed[at] as number) ^ 1
      expect(openToken(ticket, changed.toString('base64url'))).toBeUndefined()
    }
    for (let length = 0; length < sealed.length; length += 1) {
      expect(openToken(ticket, sealed.subarray(0, length).toString('base64url'))).toBeUndefined()
    }
  })
})

describe('isTicket', () => {
  it.each([
    ['A'.repeat(43), true],
    [`${'-_'.repeat(21)}0`, true],
    ['A'.repeat(42), false],
    ['A'.repeat(44), false],
    [`${'A'.repeat(43)}\n`, false],
    [`${'A'.repeat(42)}=`, false],
    ['', false],
  ])('says of %j: %s', (text, isOne) => {
    expect(isTicket(text)).toBe(isOne)
  })
})
