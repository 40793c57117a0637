/** Something that speaks Redis' protocol and answers rubbish: no request passes for its sake where the file says deny. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTo, startGateway, type TestGateway } from '../../support/gateway.ts'
import { request } from '../../support/raw-http.ts'
import { type RawUpstream, startRawUpstream, startUpstream, type TestUpstream } from '../../support/upstream.ts'

const LIMIT = 10
const WINDOW_MS = 60_000
/** Allowed, nine left, a second until the next, the slice of now. */
const GOOD = '*4\r\n:1\r\n:9\r\n:1000\r\n:1700000000000\r\n'
const INFO = 'redis_version:7.0.0\r\nloading:0'

let reply = GOOD
let store: RawUpstream
let upstream: TestUpstream
let gateway: TestGateway

beforeAll(async () => {
  store = await startRawUpstream((socket) => {
    socket.on('data', (chunk) => {
      for (const [, name = ''] of chunk.toString('latin1').matchAll(/\*\d+\r\n\$\d+\r\n(\w+)\r\n/g)) {
        if (/^info$/i.test(name)) socket.write(`$${INFO.length}\r\n${INFO}\r\n`)
        else socket.write(/^eval/i.test(name) ? reply : '+OK\r\n')
      }
    })
  })
  upstream = await startUpstream()
  const limit = { limit: LIMIT, window: `${WINDOW_MS}ms`, key: 'client.ip', when: 'before-auth', onStoreError: 'deny' }
  gateway = await startGateway({
    ...openTo(upstream.url, { rateLimits: ['few'] }),
    redis: { url: store.url.replace('http:', 'redis:') },
    rateLimits: { few: limit },
  })
})
afterAll(async () => {
  await gateway.close()
  await upstream.close()
  await store.close()
})

const statusFor = async (bytes: string) => {
  reply = bytes
  return (await request(gateway.url, ['GET /a HTTP/1.1'])).status
}

describe('a store whose answer is no verdict', () => {
  it.each([
    ['a number', ':1\r\n'],
    ['a text', '+OK\r\n'],
    ['nothing', '$-1\r\n'],
    ['an empty list', '*0\r\n'],
    ['a list that is too short', '*3\r\n:1\r\n:9\r\n:1000\r\n'],
    ['two verdicts for one question', `*8\r\n${GOOD.slice(4)}${GOOD.slice(4)}`],
    ['allowed 2', GOOD.replace(':1\r\n', ':2\r\n')],
    ['allowed as text', GOOD.replace(':1\r\n', '$1\r\n1\r\n')],
    ['allowed and nothing', GOOD.replace(':1\r\n', '$-1\r\n')],
    ['as much left as the limit', GOOD.replace(':9\r\n', `:${LIMIT}\r\n`)],
    ['less than nothing left', GOOD.replace(':9\r\n', ':-1\r\n')],
    ['what is left as text', GOOD.replace(':9\r\n', '$1\r\n9\r\n')],
    ['a wait beyond the window', GOOD.replace(':1000\r\n', `:${WINDOW_MS + 1}\r\n`)],
    ['a wait below zero', GOOD.replace(':1000\r\n', ':-1\r\n')],
    ['a slice before time', GOOD.replace(':1700000000000\r\n', ':-5\r\n')],
    ['an error', '-OOM command not allowed\r\n'],
    ['an error in the place of the verdict', GOOD.replace(':1\r\n', '-OOM no\r\n')],
  ])('lets nobody pass: %s', async (_, bytes) => {
    const before = upstream.received.length
    expect(await statusFor(bytes)).toBe(503)
    expect(upstream.received).toHaveLength(before)
    expect(await statusFor(GOOD)).toBe(200)
  })
})
