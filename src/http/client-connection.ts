import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Exchange } from './exchange.ts'

/** Kept on the socket itself: looked up several times a request, and a WeakMap would cost more than the rest. */
const CONNECTION = Symbol('connection')

type Connected = Duplex & { [CONNECTION]?: ClientConnection }

/** What the gateway knows about a client's connection. */
export class ClientConnection {
  readonly socket: Socket
  /** The request whose body it is in, or whose answer it waits for. Requests on one connection run one after the other. */
  exchange: Exchange | undefined
  /** Something that is no request came, and was or will be answered; nothing after it is looked at. */
  isRefused = false
  /** After this request the connection closes: what came behind it is lost. */
  last: IncomingMessage | undefined
  /** Requests that have been read, and wait for those before them. */
  waiting = 0
  /** It was told to come back, and is not read until its turn comes. */
  isResting = false
  /** Bytes that the client had taken when it was last seen to be idle or not to read; -1: it was not. */
  takenBefore = -1

  constructor(socket: Socket) {
    this.socket = socket
    ;(socket as Connected)[CONNECTION] = this
  }
}

export function connectionOf(socket: Duplex): ClientConnection | undefined {
  return (socket as Connected)[CONNECTION]
}
