import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { ClientConnection } from '../../../src/http/client-connection.ts'
import { createTurns } from '../../../src/http/turns.ts'

const connect = () => {
  const socket = Object.assign(new EventEmitter(), { pause: vi.fn(), resume: vi.fn() })
  return { socket, connection: new ClientConnection(socket as unknown as Socket) }
}
const answer = () => new EventEmitter() as unknown as ServerResponse & EventEmitter

describe('the turns of pipelined requests (RFC 9112 section 9.3.2)', () => {
  it('hold a connection back from 32 that wait, until fewer do', () => {
    const turns = createTurns(() => {})
    const { socket, connection } = connect()
    const answers = Array.from({ length: 33 }, answer)
    for (const [i, outgoing] of answers.entries()) {
      expect(socket.pause).toHaveBeenCalledTimes(Math.max(0, i - 31))
      turns.wait(connection, outgoing, () => {})
    }
    answers[0]?.emit('socket')
    expect(socket.resume).not.toHaveBeenCalled()
    answers[1]?.emit('socket')
    expect(socket.resume).toHaveBeenCalledOnce()
  })

  it('run a request when its answer gets the connection', () => {
    const run = vi.fn()
    const outgoing = answer()
    createTurns(() => {}).wait(connect().connection, outgoing, run)
    expect(run).not.toHaveBeenCalled()
    outgoing.emit('socket')
    expect(run).toHaveBeenCalledOnce()
  })

  it('end a connection beyond 20,000 that wait anywhere, and have room again when it has closed', () => {
    const onTooMany = vi.fn()
    const turns = createTurns(onTooMany)
    const greedy = connect().connection
    const other = connect().connection
    for (let i = 0; i < 20_000; i += 1) turns.wait(greedy, answer(), () => {})
    expect(onTooMany).not.toHaveBeenCalled()
    turns.wait(other, answer(), () => {})
    expect(onTooMany.mock.calls).toEqual([[other]])
    turns.forget(greedy)
    turns.wait(other, answer(), () => {})
    expect(onTooMany).toHaveBeenCalledOnce()
  })
})
