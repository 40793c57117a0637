import net from 'node:net'
import { describe, expect, it } from 'vitest'
import { openAlone } from '../../../src/http/port-sharing.ts'
import { freePort } from '../../support/free-port.ts'
import { closingAfterEach } from '../../support/keep.ts'

const keep = closingAfterEach()
const HOST = '127.0.0.1'

describe('openAlone', () => {
  it('refuses the second of two that start at once, before either of them listens', async () => {
    const port = await freePort()
    const { promise: opened, resolve: open } = Promise.withResolvers<void>()
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
    const first = openAlone(HOST, port, () => {
      begin()
      return opened
    })
    await begun
    const second = openAlone(HOST, port, async () => 'open as well')
    await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' })
    open()
    await first
  })

  it("is in nobody's way on another port, nor on another address", async () => {
    const [port, other] = [await freePort(), await freePort()]
    const beside = () =>
      Promise.all([openAlone(HOST, other, async () => 1), openAlone('127.0.0.2', port, async () => 2)])
    expect(await openAlone(HOST, port, beside)).toEqual([1, 2])
  })

  it('can be tried again after it failed', async () => {
    const port = await freePort()
    const failing = openAlone(HOST, port, () => Promise.reject(new Error('no certificate')))
    await expect(failing).rejects.toThrow('no certificate')
    expect(await openAlone(HOST, port, async () => 'open')).toBe('open')
  })

  it('refuses a port on which somebody else listens', async () => {
    const server = net.createServer()
    await new Promise<void>((resolve) => server.listen(0, HOST, resolve))
    keep({ close: async () => void server.close() })
    const { port } = server.address() as net.AddressInfo
    await expect(openAlone(HOST, port, async () => 'open')).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})
