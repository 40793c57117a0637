import { describe, expect, it, vi } from 'vitest'
import type { GatewayError } from '../../../src/errors.ts'
import { createMemoryTicketStore } from '../../../src/tickets/ticket-store.ts'
import { createTickets } from '../../../src/tickets/tickets.ts'
import { createTestClock } from '../../support/clock.ts'

function setUp(maxTickets?: number) {
  const clock = createTestClock()
  const store = createMemoryTicketStore(clock.now, maxTickets)
  const tickets = createTickets({ store, lifeMs: 30_000, now: clock.now })
  const issue = async (leftMs = 300_000) => tickets.issue('a.b.c', clock.now() + leftMs)
  const reason = (ticket: string) =>
    tickets.redeem(ticket).then(
      () => 'good',
      ({ reason }: GatewayError) => reason,
    )
  return { clock, tickets, issue, reason }
}

describe('tickets in memory', () => {
  it('bring their token once, also to those who ask at the same moment', async () => {
    const { tickets, issue, reason } = setUp()
    const { ticket, lifeMs } = await issue()
    expect(lifeMs).toBe(30_000)
    const both = await Promise.allSettled([tickets.redeem(ticket), tickets.redeem(ticket)])
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(both[0]).toMatchObject({ value: 'a.b.c' })
    expect(await reason(ticket)).toBe('ticket_invalid')
  })

  it('are over after their life, to the millisecond', async () => {
    const { clock, issue, reason } = setUp()
    const [early, late] = [await issue(), await issue()]
    clock.advance(29_999)
    expect(await reason(early.ticket)).toBe('good')
    clock.advance(1)
    expect(await reason(late.ticket)).toBe('ticket_invalid')
  })

  it('live no longer than their token', async () => {
    const { clock, issue, reason } = setUp()
    const { ticket, lifeMs } = await issue(5_000)
    expect(lifeMs).toBe(5_000)
    clock.advance(5_000)
    expect(await reason(ticket)).toBe('ticket_invalid')
  })

  it('are bounded: no new one while there is no room, and none is dropped for it', async () => {
    const { clock, issue, reason } = setUp(2)
    const { ticket } = await issue()
    clock.advance(1)
    await issue()
    await expect(issue()).rejects.toMatchObject({ code: 'tickets_unavailable', reason: 'ticket_store_full' })
    expect(await reason(ticket)).toBe('good')
    await issue()
    await expect(issue()).rejects.toMatchObject({ reason: 'ticket_store_full' })
    clock.advance(30_000)
    await issue()
  })

  it('are forgotten once they are over, also while there is room', async () => {
    const { clock, issue } = setUp()
    await issue()
    await issue(60_000)
    clock.advance(30_000)
    const dropped = vi.spyOn(Map.prototype, 'delete')
    await issue()
    expect(dropped).toHaveBeenCalledTimes(2)
    dropped.mockRestore()
  })

  it('are forgotten behind one that lasts, when their room is needed', async () => {
    const { clock, issue } = setUp(2)
    await issue()
    await issue(1_000)
    clock.advance(1_000)
    await issue()
    await expect(issue()).rejects.toMatchObject({ reason: 'ticket_store_full' })
  })
})
