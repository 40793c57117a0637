import { describe, expect, it } from 'vitest'
import { createDenialTurns } from '../../../src/http/denial-turns.ts'

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

/** Gives `count` denials to the turns, and says after each turn which have run. */
async function turnsOf(count: number): Promise<number[][]> {
  const inTurn = createDenialTurns()
  const ran: number[] = []
  for (let i = 1; i <= count; i += 1) inTurn(() => ran.push(i))
  const turns = [ran.splice(0)]
  for (let seen = turns[0]?.length ?? 0; seen < count; ) {
    await nextTurn()
    turns.push(ran.splice(0))
    seen += turns.at(-1)?.length ?? 0
  }
  return turns
}

describe('createDenialTurns', () => {
  it('runs a few at once', async () => {
    expect(await turnsOf(4)).toEqual([[1, 2, 3, 4]])
  })

  it('lets more wait for later turns, in their order', async () => {
    expect(await turnsOf(10)).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [9, 10],
    ])
  })

  it('lets nobody overtake those who wait', async () => {
    const inTurn = createDenialTurns()
    const ran: number[] = []
    for (let i = 1; i <= 9; i += 1) inTurn(() => ran.push(i))
    await nextTurn()
    inTurn(() => ran.push(10))
    expect(ran).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    await nextTurn()
    expect(ran).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  it.each([
    ['took 3 ms', 3, 3],
    ['was short', 0.2, 1],
    ['took very long', 5000, 200],
  ])('given a clock, has room for as many milliseconds as a turn took: one that %s', async (_, ms, expected) => {
    let nowMs = 0
    const inTurn = createDenialTurns(() => nowMs)
    let ran = 0
    for (let i = 0; i < 1000; i += 1) inTurn(() => (ran += 1))
    expect(ran).toBe(1)
    nowMs += ms
    await nextTurn()
    expect(ran).toBe(1 + expected)
  })

  it('has room again in the next turn', async () => {
    const inTurn = createDenialTurns()
    const ran: number[] = []
    for (let i = 1; i <= 4; i += 1) inTurn(() => ran.push(i))
    await nextTurn()
    inTurn(() => ran.push(5))
    expect(ran).toEqual([1, 2, 3, 4, 5])
  })
})
