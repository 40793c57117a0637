/** A connection on which a test sends and reads bytes step by step. */
import net, { type Socket } from 'node:net'
import { waitFor } from './wait-for.ts'

export interface RawClient {
  readonly socket: Socket
  /** All that came so far, latin1. */
  text(): string
  /** Waits until what came holds `part`. */
  until(part: string | RegExp): Promise<string>
  readonly closed: Promise<void>
}

export async function connectRaw(url: string, bytes: string | Buffer = ''): Promise<RawClient> {
  const { port } = new URL(url)
  const socket = net.connect({ host: '127.0.0.1', port: Number(port), allowHalfOpen: true })
  const chunks: Buffer[] = []
  const text = () => Buffer.concat(chunks).toString('latin1')
  socket.on('data', (chunk: Buffer) => void chunks.push(chunk))
  socket.on('end', () => socket.end())
  socket.on('error', () => {})
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await new Promise((resolve) => socket.once('connect', resolve))
  if (bytes.length > 0) socket.write(bytes)
  return {
    socket,
    text,
    until: async (part) => {
      await waitFor(`${part} in what came`, () =>
        typeof part === 'string' ? text().includes(part) : part.test(text()),
      )
      return text()
    },
    closed,
  }
}
