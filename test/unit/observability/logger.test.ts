import { describe, expect, it } from 'vitest'
import { createLogger, createLogSink, describeCause } from '../../../src/observability/logger.ts'

describe('the description of a cause', () => {
  it('names the chain of errors with their codes', () => {
    const inner = Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED' })
    expect(describeCause(new TypeError('outer', { cause: inner }))).toBe(
      'TypeError outer: Error ECONNREFUSED connect refused',
    )
  })

  it.each([
    ['a token', 'bad eyJhbGciOi.eyJzdWIi.c2ln here'],
    ['a cut token', 'Unexpected token in eyJhbGciOi.'],
    ['credentials', 'Bearer secret-token-1'],
    ['an address with a password', 'connect redis://user:secret@host:6379'],
  ])('never shows %s', (_, message) => {
    expect(describeCause(new Error(message))).toContain('[redacted]')
    expect(describeCause(new Error(message))).not.toMatch(/eyJ|secret/)
  })

  it('shows no property of an error: node attaches the raw request to some', () => {
    const error = Object.assign(new Error('Parse Error'), { rawPacket: Buffer.from('Authorization: Bearer secret') })
    let text = ''
    const sink = createLogSink((written) => {
      text += written
    })
    createLogger({ level: 'info' }, sink).info({ cause: error }, 'x')
    sink.close()
    expect(JSON.parse(text)).toMatchObject({ level: 'info', msg: 'x', cause: 'Error Parse Error' })
  })
})

describe('the log sink', () => {
  it('keeps running when the disk is full', () => {
    const sink = createLogSink(() => {
      throw new Error('ENOSPC')
    })
    sink.write('a\n')
    expect(() => sink.close()).not.toThrow()
  })

  it('writes what is pending when it is closed, in order and once', () => {
    const written: string[] = []
    const sink = createLogSink((text) => written.push(text))
    sink.write('a\n')
    sink.write('b\n')
    sink.close()
    sink.flush()
    expect(written).toEqual(['a\nb\n'])
  })
})
