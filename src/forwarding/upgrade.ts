/** After `101 Switching Protocols` the gateway only carries bytes (RFC 9110 section 7.8, RFC 6455 section 4). */
import type { Duplex } from 'node:stream'
import { SilenceTimer } from './silence-timer.ts'

/** Writes the head of the upstream's 101 to the client; fields are end-to-end ones. */
export function writeUpgradeHead(socket: Duplex, fields: readonly string[]): void {
  let head = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
  for (let i = 0; i < fields.length; i += 2) head += `${fields[i]}: ${fields[i + 1]}\r\n`
  socket.write(`${head}\r\n`, 'latin1')
}

/** Whether the upstream switched to what it was asked for: its 101 names the protocol (RFC 9110 section 15.2.2). */
export function isWebSocketSwitch(rawHeaders: readonly string[]): boolean {
  const protocols = rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === 'upgrade')
  return protocols.length === 1 && protocols[0]?.toLowerCase() === 'websocket'
}

/**
 * Joins two sockets until one closes; the other gets what was still on its way to it. Silence of both for `idleMs` ends them.
 * @param head bytes the client sent right behind its handshake
 * @param onEnd gets the number of bytes that went to the client
 */
export function joinSockets(
  client: Duplex,
  head: Buffer,
  upstream: Duplex,
  idleMs: number,
  onEnd: (bytes: number) => void,
): void {
  let bytes = 0
  let open = 2
  const timer = new SilenceTimer(idleMs, {
    onSilence() {
      client.destroy()
      upstream.destroy()
    },
  })

  function join(from: Duplex, to: Duplex): void {
    from.on('data', () => timer.noteActivity())
    from.on('error', () => from.destroy())
    from.once('close', () => {
      to.end()
      open -= 1
      // What a peer that does not read has left over goes with the silence of both.
      if (to.writableFinished) to.destroy()
      else to.once('finish', () => to.destroy())
      if (open > 0) return
      timer.stop()
      onEnd(bytes)
    })
    from.pipe(to)
  }

  upstream.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  timer.start(idleMs)
  if (head.length > 0) upstream.write(head)
  join(client, upstream)
  join(upstream, client)
}
