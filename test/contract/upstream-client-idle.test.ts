/** How long the lean client keeps a connection that nobody uses. Time is moved by the test. */
import { afterEach, describe, expect, it } from 'vitest'
import { createLeanUpstreamClient } from '../../src/forwarding/lean-upstream-client.ts'
import type { UpstreamClient } from '../../src/forwarding/upstream-client.ts'
import { closingAfterEach } from '../support/keep.ts'
import { startRawUpstream } from '../support/upstream.ts'
import { waitFor } from '../support/wait-for.ts'
import { onRequest, send, turns } from './upstream-client-probe.ts'

const keep = closingAfterEach()
let client: UpstreamClient
afterEach(() => client.close())

async function start(field: string, sweepMs: number) {
  const clock = { ms: 0 }
  client = createLeanUpstreamClient({ now: () => clock.ms, sweepMs })
  let connections = 0
  const upstream = keep(
    await startRawUpstream((socket) => {
      connections += 1
      onRequest((_head, _number, it) => void it.write(`HTTP/1.1 200 OK\r\n${field}Content-Length: 0\r\n\r\n`))(socket)
    }),
  )
  return {
    clock,
    upstream,
    connectionsAfter: async () => {
      expect((await send(client, upstream.url).over()).calls.at(-1)).toBe('end')
      return connections
    },
  }
}

const CASES: [string, string, number][] = [
  ['says nothing', '', 4_000],
  ['wants to keep it for a minute: a second less', 'Keep-Alive: timeout=60\r\n', 59_000],
  ['says it in a list', 'Keep-Alive: max=100, timeout=60\r\n', 59_000],
  ['wants to keep it for two seconds', 'Keep-Alive: timeout=2\r\n', 1_000],
  ['wants to keep it for a day: ten minutes', 'Keep-Alive: timeout=86400\r\n', 600_000],
]

describe('an idle connection of an upstream that', () => {
  it.each(CASES)('%s', async (_, field, idleMs) => {
    const { clock, upstream, connectionsAfter } = await start(field, 3_600_000)
    expect(await connectionsAfter()).toBe(1)
    clock.ms += idleMs - 1
    expect(await connectionsAfter()).toBe(1)
    clock.ms += idleMs
    expect(await connectionsAfter()).toBe(2)
    await waitFor('the old one to close', () => upstream.connections.size === 1)
  })

  it.each(CASES)('%s, and then asks for nothing, is closed in time', async (_, field, idleMs) => {
    const { clock, upstream, connectionsAfter } = await start(field, 1)
    await connectionsAfter()
    clock.ms += idleMs - 1
    await turns(20)
    expect(upstream.connections.size).toBe(1)
    clock.ms += 1
    await waitFor('the connection to close', () => upstream.connections.size === 0)
  })
})
