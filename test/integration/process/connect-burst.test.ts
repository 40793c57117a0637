import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import http from 'node:http'
import net, { type ListenOptions, type Socket } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { createDoors } from '../../../src/http/doors.ts'
import { choosePortSharing, openAlone } from '../../../src/http/port-sharing.ts'
import { freePort } from '../../support/free-port.ts'
import { openTo, startGateway } from '../../support/gateway.ts'
import { closingAfterEach } from '../../support/keep.ts'
import { waitFor } from '../../support/wait-for.ts'

const keep = closingAfterEach()
/** The kernel cuts it to its own limit, which is 4,096 on Linux unless somebody changed it. */
const DEFAULT_SOMAXCONN = 4096
const CROWD = 128
/** Of those besides the first. */
const LAST_DOOR = 31

/** A listener whose event loop turns at their mercy, and its port. */
async function openDoors(most: number) {
  const server = http.createServer()
  const doors = createDoors(server, most)
  const { port } = await doors.open('127.0.0.1', 0)
  const accepted: Socket[] = []
  server.on('connection', (socket: Socket) => accepted.push(socket))
  keep({
    async close() {
      for (const socket of accepted) socket.destroy()
      if (server.listening) await doors.close()
    },
  })
  return { port, doors, accepted }
}

/** They are in the kernel's queue when this returns. */
function connectCrowd(port: number, size: number): Socket[] {
  const clients = Array.from({ length: size }, () => net.connect(port, '127.0.0.1').on('error', () => {}))
  keep({ close: async () => clients.forEach((client) => void client.destroy()) })
  return clients
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('clients who connect all at once', () => {
  it('may wait in as long a queue as the kernel allows', async () => {
    const listens: ListenOptions[] = []
    const onListen = (message: unknown) => void listens.push((message as { options: ListenOptions }).options)
    subscribe('tracing:net.server.listen:asyncStart', onListen)
    const gateway = await startGateway({ ...openTo('http://127.0.0.1:9'), admin: false })
    unsubscribe('tracing:net.server.listen:asyncStart', onListen)
    await gateway.close()
    // The first port only shows what the system can do.
    for (const { backlog } of listens.filter(({ port }) => port !== 0).slice(1)) {
      expect(backlog).toBeGreaterThanOrEqual(DEFAULT_SOMAXCONN)
    }
    expect(listens.filter(({ backlog = 0 }) => backlog >= DEFAULT_SOMAXCONN).length).toBeGreaterThan(0)
  })

  it('are let in many in a turn of the event loop, so that a gateway with long turns does not keep them out', async () => {
    const { port, accepted } = await openDoors(1000)
    connectCrowd(port, CROWD)
    let turns = 0
    for (; accepted.length < CROWD; turns += 1) await nextTurn()
    const { reusePort } = await choosePortSharing()
    expect(turns).toBeLessThan(reusePort ? CROWD / 2 : Number.POSITIVE_INFINITY)
  })

  it('find nobody when one of the sockets cannot be opened', async () => {
    const createServer = net.createServer.bind(net)
    let made = 0
    const spy = vi.spyOn(net, 'createServer').mockImplementation(((...args: Parameters<typeof createServer>) => {
      const door = createServer(...args)
      made += 1
      if (made !== LAST_DOOR) return door
      return Object.assign(door, { listen: () => door.emit('error', new Error('EMFILE')) })
    }) as typeof net.createServer)
    const server = http.createServer()
    const port = await freePort()
    const { reusePort } = await choosePortSharing()
    made = 0
    const opening = createDoors(server, 10).open('127.0.0.1', port, { reusePort: true, exclusive: true })
    if (reusePort) await expect(opening).rejects.toThrow('EMFILE')
    spy.mockRestore()
    expect(server.listening).toBe(!reusePort)
    if (reusePort) await openAlone('127.0.0.1', port, async () => {})
    server.close()
  })

  it('are let in up to the most, through whichever socket they come', async () => {
    const { port, accepted } = await openDoors(20)
    let closed = 0
    for (const client of connectCrowd(port, CROWD)) client.resume().on('close', () => (closed += 1))
    await waitFor('the others to be closed', () => closed === CROWD - 20)
    expect(accepted.filter((socket) => !socket.destroyed)).toHaveLength(20)
  })
})
