/** After `101 Switching Protocols` the gateway only carries bytes (RFC 9110 section 7.8, RFC 6455 section 4). */
import type { Duplex } from 'node:stream'

/** Writes the head of the upstream's 101 to the client; fields are end-to-end ones. */
export function writeUpgradeHead(socket: Duplex, status: number, fields: readonly string[]): void {
  let head = `HTTP/1.1 ${status} Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`
  for (let i = 0; i < fields.length; i += 2) head += `${fields[i]}: ${fields[i + 1]}\r\n`
  socket.write(`${head}\r\n`, 'latin1')
}

/**
 * Joins two sockets until either ends; silence of both for `idleMs` ends them.
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
  let ended = false
  let activeAtMs = performance.now()
  let timer = setTimeout(watch, idleMs)

  function watch(): void {
    const silentMs = performance.now() - activeAtMs
    if (silentMs >= idleMs) end()
    else timer = setTimeout(watch, Math.ceil(idleMs - silentMs))
  }

  function end(): void {
    if (ended) return
    ended = true
    clearTimeout(timer)
    client.destroy()
    upstream.destroy()
    onEnd(bytes)
  }

  upstream.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    activeAtMs = performance.now()
  })
  client.on('data', () => {
    activeAtMs = performance.now()
  })
  for (const socket of [client, upstream]) socket.on('error', end).on('close', end)
  if (head.length > 0) upstream.write(head)
  client.pipe(upstream)
  upstream.pipe(client)
}
