/** WebSocket handshakes and frames as bytes. */
import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'

export const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

/** `Sec-WebSocket-Accept` for a key (RFC 6455 section 4.2.2). */
export function acceptFor(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}

/** The head of a handshake, with these fields beside those of every one. */
export function handshake(path: string, ...fields: string[]): string {
  return [
    `GET ${path} HTTP/1.1`,
    'Host: a',
    'Connection: keep-alive, Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${KEY}`,
    ...fields,
    '\r\n',
  ].join('\r\n')
}

/** The answer of a server that switches. */
export function switching(key = KEY, ...fields: string[]): string {
  return [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptFor(key)}`,
    ...fields,
    '\r\n',
  ].join('\r\n')
}

/** An upstream that switches with `answer`, then sends back every byte behind the handshake. */
export function echoing(answer: string | ((head: string) => string)): (socket: Socket) => void {
  return (socket) => {
    let switched = false
    socket.on('data', (chunk: Buffer) => {
      if (switched) {
        socket.write(chunk)
        return
      }
      switched = true
      const end = chunk.indexOf('\r\n\r\n') + 4
      socket.write(typeof answer === 'string' ? answer : answer(chunk.subarray(0, end).toString('latin1')))
      const behind = chunk.subarray(end)
      if (behind.length > 0) socket.write(behind)
    })
  }
}

/** An unmasked frame, as servers send it. */
export function serverFrame(payload: string | Buffer, opcode = 1): Buffer {
  const bytes = Buffer.from(payload)
  if (bytes.length < 126) return Buffer.concat([Buffer.from([0x80 | opcode, bytes.length]), bytes])
  const head = Buffer.from([0x80 | opcode, 126, 0, 0])
  head.writeUInt16BE(bytes.length, 2)
  return Buffer.concat([head, bytes])
}
