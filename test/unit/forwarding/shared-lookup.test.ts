import type { LookupFunction } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createSharedLookup } from '../../../src/forwarding/shared-lookup.ts'

type Callback = Parameters<LookupFunction>[2]

function setUp() {
  const asked: string[] = []
  const answers: Callback[] = []
  const lookup = createSharedLookup((hostname, _, callback) => {
    asked.push(hostname)
    answers.push(callback)
  })
  const got: unknown[] = []
  const ask = (name: string, options = {}) => lookup(name, options, (error, address) => got.push(error ?? address))
  return { asked, answers, ask, got }
}

describe('looking up names', () => {
  it('asks once for all who want the same name at the same time', () => {
    const { asked, answers, ask, got } = setUp()
    for (let i = 0; i < 100; i += 1) ask('orders.internal')
    expect(asked).toEqual(['orders.internal'])
    answers[0]?.(null, '192.0.2.1', 4)
    expect(got).toEqual(Array(100).fill('192.0.2.1'))
  })

  it('asks again afterwards: names move', () => {
    const { asked, answers, ask } = setUp()
    ask('orders.internal')
    answers[0]?.(null, '192.0.2.1', 4)
    ask('orders.internal')
    expect(asked).toHaveLength(2)
  })

  it('tells all who wait of a failure, and asks again afterwards', () => {
    const { asked, answers, ask, got } = setUp()
    ask('orders.internal')
    ask('orders.internal')
    answers[0]?.(new Error('ENOTFOUND'), '')
    expect(got).toEqual([new Error('ENOTFOUND'), new Error('ENOTFOUND')])
    ask('orders.internal')
    expect(asked).toHaveLength(2)
  })

  it('keeps apart what is asked in another way', () => {
    const { asked, ask } = setUp()
    ask('a.internal')
    ask('b.internal')
    ask('a.internal', { all: true })
    ask('a.internal', { family: 6 })
    expect(asked).toEqual(['a.internal', 'b.internal', 'a.internal', 'a.internal'])
  })
})
