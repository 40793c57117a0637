import { beforeEach, describe, expect, it } from 'vitest'
import { createPasswordAttempts, type PasswordAttempts } from '../../../src/http/password-attempts.ts'
import { createTestClock, type TestClock } from '../../support/clock.ts'

let clock: TestClock
let attempts: PasswordAttempts
let guesses = 0
beforeEach(() => {
  clock = createTestClock()
  attempts = createPasswordAttempts(clock.now)
})

function fail(address: string, times: number): void {
  for (let i = 0; i < times; i += 1) attempts.noteFailure(address, `guess ${guesses++}`)
}

describe('guesses of a password', () => {
  it('are ten in a minute for each address, counted from the first', () => {
    fail('10.0.0.1', 9)
    expect(attempts.waitSeconds('10.0.0.1')).toBe(0)
    clock.advance(20_500)
    fail('10.0.0.1', 1)
    expect(attempts.waitSeconds('10.0.0.1')).toBe(40)
    expect(attempts.waitSeconds('10.0.0.2')).toBe(0)
    clock.advance(39_499)
    expect(attempts.waitSeconds('10.0.0.1')).toBe(1)
    clock.advance(1)
    expect(attempts.waitSeconds('10.0.0.1')).toBe(0)
    fail('10.0.0.1', 1)
    expect(attempts.waitSeconds('10.0.0.1')).toBe(0)
  })

  it('are not the same wrong one again and again, as of a page that was left open', () => {
    for (let i = 0; i < 100; i += 1) attempts.noteFailure('10.0.0.1', 'the old password')
    fail('10.0.0.1', 8)
    expect(attempts.waitSeconds('10.0.0.1')).toBe(0)
    fail('10.0.0.1', 1)
    expect(attempts.waitSeconds('10.0.0.1')).toBe(60)
  })

  it('of a thousand addresses are remembered, those of the last minute', () => {
    fail('first', 10)
    for (let i = 0; i < 999; i += 1) fail(`other ${i}`, 10)
    expect(attempts.waitSeconds('first')).toBe(60)
    fail('one more', 10)
    expect(attempts.waitSeconds('first')).toBe(0)
    expect(attempts.waitSeconds('other 0')).toBe(60)
    expect(attempts.waitSeconds('one more')).toBe(60)
  })
})
