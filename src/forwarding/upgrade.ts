/** After `101 Switching Protocols` the gateway only carries bytes (RFC 9110 section 7.8, RFC 6455 section 4). */
import type { Duplex } from 'node:stream'
import { SilenceTimer } from './silence-timer.ts'
import type { StreamTerms } from './stream-terms.ts'
import { TunnelEnd } from './tunnel-end.ts'

/**
 * Writes the head of the upstream's 101 to the client; fields are end-to-end ones.
 * @param subprotocol is answered when the upstream has chosen none
 */
export function writeUpgradeHead(socket: Duplex, fields: readonly string[], subprotocol?: string): void {
  let head = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
  for (let i = 0; i < fields.length; i += 2) head += `${fields[i]}: ${fields[i + 1]}\r\n`
  const isChosen = fields.some((name, i) => i % 2 === 0 && name.toLowerCase() === 'sec-websocket-protocol')
  if (subprotocol !== undefined && !isChosen) head += `Sec-WebSocket-Protocol: ${subprotocol}\r\n`
  socket.write(`${head}\r\n`, 'latin1')
}

/** Whether the upstream switched to what it was asked for: its 101 names the protocol (RFC 9110 section 15.2.2). */
export function isWebSocketSwitch(rawHeaders: readonly string[]): boolean {
  const protocols = rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === 'upgrade')
  return protocols.length === 1 && protocols[0]?.toLowerCase() === 'websocket'
}

/** Lets it go once it has been sent all that is for it. */
function finish(socket: Duplex): void {
  if (socket.writableFinished) socket.destroy()
  else socket.once('finish', () => socket.destroy())
}

interface ClientSide {
  readonly socket: Duplex
  /** Bytes that the client sent right behind its handshake. */
  readonly head: Buffer
}

interface TunnelLimits {
  /** Silence of both that ends it. */
  readonly idleMs: number
  /** Undefined: it lasts as long as the two want. */
  readonly terms: StreamTerms | undefined
}

/**
 * Joins two sockets until one closes; the other gets what was still on its way to it.
 * @param onEnd gets the number of bytes that went to the client, and whether the token was over
 */
export function joinSockets(
  { socket: client, head }: ClientSide,
  upstream: Duplex,
  { idleMs, terms }: TunnelLimits,
  onEnd: (bytes: number, isOver: boolean) => void,
): void {
  let bytes = 0
  let open = 2
  const end = terms && new TunnelEnd(client, upstream, terms)
  const timer = new SilenceTimer(idleMs, {
    onSilence() {
      client.destroy()
      upstream.destroy()
    },
  })
  const count = (more: number): void => {
    bytes += more
  }

  function join(from: Duplex, to: Duplex): void {
    from.on('data', () => timer.noteActivity())
    from.on('error', () => from.destroy())
    from.once('close', () => {
      const isOver = end?.isOver === true
      to.end()
      open -= 1
      if (!isOver) end?.stop()
      // A client whose token is over has the Close frame, and a grace to answer it. What another peer that does not read has left over
      // goes with the silence of both.
      if (!(isOver && to === client)) finish(to)
      if (open > 0) return
      timer.stop()
      end?.stop()
      onEnd(bytes, isOver)
    })
  }

  timer.start(idleMs)
  if (head.length > 0) upstream.write(head)
  join(client, upstream)
  join(upstream, client)
  client.pipe(upstream)
  if (end === undefined) upstream.on('data', (chunk: Buffer) => count(chunk.length)).pipe(client)
  else end.carry(count)
}
