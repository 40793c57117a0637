import { describe, expect, it } from 'vitest'
import { createCircuitBreaker } from '../../../src/rate-limiting/circuit-breaker.ts'

function create() {
  let nowMs = 1_000_000
  const changes: string[] = []
  const breaker = createCircuitBreaker({
    clock: () => nowMs,
    failuresToOpen: 3,
    probeEveryMs: 250,
    onChange: (state, reason) => changes.push(`${state}: ${reason}`),
  })
  return {
    breaker,
    changes,
    fail(times: number) {
      for (let i = 0; i < times; i++) breaker.fail('timeout')
    },
    wait(ms: number) {
      nowMs += ms
    },
  }
}

describe('circuit breaker', () => {
  it('opens after that many failures in a row, and says why', () => {
    const { breaker, changes, fail } = create()
    fail(2)
    expect(breaker.state).toBe('closed')
    fail(1)
    expect(breaker.state).toBe('open')
    expect(changes).toEqual(['open: timeout'])
  })

  it('stays closed when something comes through in between', () => {
    const { breaker, fail } = create()
    for (let round = 0; round < 3; round++) {
      fail(2)
      breaker.succeed(false)
    }
    expect(breaker.state).toBe('closed')
  })

  it('admits a probe when it has been open for long enough, and then one each interval', () => {
    const { breaker, fail, wait } = create()
    fail(3)
    wait(249)
    expect(breaker.admitProbe()).toBe(false)
    wait(1)
    expect([breaker.admitProbe(), breaker.admitProbe()]).toEqual([true, false])
    wait(250)
    expect(breaker.admitProbe()).toBe(true)
  })

  it('closes when a probe comes through, and not for what was sent before it opened', () => {
    const { breaker, changes, fail } = create()
    fail(3)
    breaker.succeed(false)
    expect(breaker.state).toBe('open')
    breaker.succeed(true)
    expect(breaker.state).toBe('closed')
    expect(changes).toEqual(['open: timeout', 'closed: recovered'])
  })

  it('tells a change once, and is not kept open longer by what was under way', () => {
    const { breaker, changes, fail, wait } = create()
    fail(100)
    wait(250)
    fail(100)
    expect(changes).toEqual(['open: timeout'])
    expect(breaker.admitProbe()).toBe(true)
  })

  it('starts to count anew when it has closed', () => {
    const { breaker, fail } = create()
    fail(100)
    breaker.succeed(true)
    fail(2)
    expect(breaker.state).toBe('closed')
  })
})
