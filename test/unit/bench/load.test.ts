import { describe, expect, it } from 'vitest'
import { countErrors, parseLoadResult } from '../../../bench/load.ts'

const line =
  'RESULT {"requests":5000,"us":2000000,"bytes":6000000,"p50":900,"p99":4200,"p999":12500,"max":30000,' +
  '"status":1,"connect":2,"read":3,"write":4,"timeout":5}'

describe('parseLoadResult', () => {
  const result = parseLoadResult(`Running 2s test @ http://127.0.0.1:1\n  Requests/sec: 2500.00\n\n${line}\n`)

  it('reads microseconds as seconds and milliseconds', () => {
    expect(result).toMatchObject({ requests: 5000, seconds: 2, bytes: 6_000_000 })
    expect(result.latency).toEqual({ p50: 0.9, p99: 4.2, p999: 12.5, max: 30 })
  })

  it('keeps every kind of error, and their sum counts', () => {
    expect(result.errors).toEqual({ status: 1, connect: 2, read: 3, write: 4, timeout: 5 })
    expect(countErrors(result.errors)).toBe(15)
  })

  it('quotes what wrk said instead of a result', () => {
    expect(() => parseLoadResult('unable to connect')).toThrow('unable to connect')
  })
})
