import { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { isWebSocketSwitch, joinSockets } from '../../../src/forwarding/upgrade.ts'

/** A peer that takes what it is sent only when it is told to. */
function slowPeer() {
  const got: Buffer[] = []
  let release: () => void = () => {}
  const peer = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      release = () => {
        got.push(chunk)
        done()
      }
    },
  })
  return { peer, text: () => Buffer.concat(got).toString(), release: () => release() }
}

describe('joinSockets', () => {
  it('ends the other side only when it has got what was on its way to it', async () => {
    const upstream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
    const client = slowPeer()
    const ended = new Promise<number>((resolve) => {
      joinSockets(
        { socket: client.peer, head: Buffer.alloc(0) },
        upstream,
        { idleMs: 60_000, terms: undefined },
        resolve,
      )
    })
    upstream.push('last words')
    await expect.poll(() => client.peer.writableLength).toBe(10)
    upstream.destroy()
    await new Promise((resolve) => upstream.once('close', resolve))
    expect(client.peer.destroyed).toBe(false)
    client.release()
    await expect.poll(() => client.peer.destroyed).toBe(true)
    expect(client.text()).toBe('last words')
    expect(await ended).toBe(10)
  })
})

describe('isWebSocketSwitch (RFC 9110 section 15.2.2)', () => {
  it.each([
    [['Upgrade', 'websocket'], true],
    [['connection', 'upgrade', 'UPGRADE', 'WebSocket'], true],
    [[], false],
    [['Upgrade', 'h2c'], false],
    [['Upgrade', 'websocket, h2c'], false],
    [['Upgrade', 'websocket', 'Upgrade', 'h2c'], false],
    [['X', 'upgrade', 'Y', 'websocket'], false],
  ])('takes %j for one: %s', (rawHeaders, isOne) => {
    expect(isWebSocketSwitch(rawHeaders)).toBe(isOne)
  })
})
