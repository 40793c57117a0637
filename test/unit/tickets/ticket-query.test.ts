import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { takeTickets } from '../../../src/tickets/ticket-query.ts'
import { holds } from '../../support/cases.ts'

const LETTERS = [...'ticket'].map((letter) => [letter, `%${letter.charCodeAt(0).toString(16)}`])
/** `ticket` in all its spellings, and what is nearly that. */
const name = fc.oneof(
  fc.tuple(...LETTERS.map((spellings) => fc.constantFrom(...spellings))).map((letters) => letters.join('')),
  fc.constantFrom(
    'Ticket',
    'ticket%00',
    '+ticket',
    'ticket+',
    'tickets',
    '?ticket',
    '%EF%BB%BFticket',
    '%2574icket',
    '',
  ),
  fc.string({ maxLength: 20, unit: fc.constantFrom(...'ticke%7469b=+&?;') }),
)
const pair = fc.oneof(
  name,
  fc.tuple(name, fc.string({ maxLength: 4 })).map(([key, value]) => `${key}=${value}`),
)

describe('takeTickets', () => {
  it('finds just the tickets that the URL Standard finds (section 5.1), and leaves all else as it was', () => {
    holds(
      fc.property(fc.array(pair, { maxLength: 6 }), (pairs) => {
        const query = pairs.join('&')
        const isTicket = (one: string) => new URLSearchParams(`&${one}`).has('ticket')
        const others = query.split('&').filter((one) => !isTicket(one))
        const tickets = new URLSearchParams(`&${query}`).getAll('ticket')
        const expected = { tickets, query: others.length === 0 ? '' : `?${others.join('&')}` }
        expect(takeTickets(`?${query}`)).toEqual(tickets.length === 0 ? undefined : expected)
      }),
    )
  })

  it('decodes no pair whose name is too short or too long', () => {
    const get = vi.spyOn(URLSearchParams.prototype, 'get')
    expect(takeTickets(`?ticket=a${'&%'.repeat(4000)}&${'%74'.repeat(7)}`)?.tickets).toEqual(['a'])
    expect(get).toHaveBeenCalledTimes(1)
    get.mockRestore()
  })
})
