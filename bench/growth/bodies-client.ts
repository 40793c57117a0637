/** A client that takes or sends bodies and keeps nothing of them: it must cost less than what it measures. */
import { connect, type Socket } from 'node:net'

export interface Transfer {
  readonly port: number
  readonly token: string
  readonly direction: 'download' | 'upload'
  readonly bytes: number
  /** Bodies on each connection, one after the other. */
  readonly count: number
  readonly connections: number
}

/** Bytes of bodies per second. Rejects when an answer is not a 200 with all of the body. */
export async function transfer(wanted: Transfer): Promise<number> {
  const startedAtMs = performance.now()
  await Promise.all(Array.from({ length: wanted.connections }, () => transferOnOne(wanted)))
  const seconds = (performance.now() - startedAtMs) / 1000
  return (wanted.bytes * wanted.count * wanted.connections) / seconds
}

/** Reads into one buffer again and again: a new one for each piece would be most of the work. */
function transferOnOne(wanted: Transfer): Promise<void> {
  const { port, count } = wanted
  return new Promise((resolve, reject) => {
    let left = count
    const answer = new AnswerReader(wanted, () => {
      left -= 1
      if (left > 0) ask(socket, wanted)
      else socket.end(resolve)
    })
    const onread = {
      buffer: Buffer.allocUnsafe(256 * 1024),
      callback: (length: number, bytes: Uint8Array) => answer.read(bytes as Buffer, length),
    }
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread }, () => ask(socket, wanted))
    answer.fail = (text) => {
      socket.destroy()
      reject(new Error(text))
    }
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the connection was closed before the answer had come')))
  })
}

const chunk = Buffer.alloc(256 * 1024, 'x')

function ask(socket: Socket, { token, direction, bytes }: Transfer): void {
  const fields = `Host: a\r\nAuthorization: Bearer ${token}\r\n`
  if (direction === 'download') return void socket.write(`GET /orders/${bytes} HTTP/1.1\r\n${fields}\r\n`)
  // Head and beginning of the body in one write, as most clients do.
  socket.cork()
  socket.write(`POST /orders/1 HTTP/1.1\r\n${fields}Content-Length: ${bytes}\r\n\r\n`)
  send(socket, bytes)
  socket.uncork()
}

function send(socket: Socket, left: number): void {
  for (let rest = left; rest > 0; rest -= chunk.length) {
    const more = socket.write(rest < chunk.length ? chunk.subarray(0, rest) : chunk)
    if (!more) return void socket.once('drain', () => send(socket, rest - chunk.length))
  }
}

/** One answer after the other. The head of one must come in one piece, and so must the short body of an upload's. */
class AnswerReader {
  fail: (text: string) => void = () => {}
  readonly #wanted: Transfer
  readonly #onAnswer: () => void
  #left = 0

  constructor(wanted: Transfer, onAnswer: () => void) {
    this.#wanted = wanted
    this.#onAnswer = onAnswer
  }

  read(buffer: Buffer, length: number): true {
    const bodyFrom = this.#left === 0 ? this.#readHead(buffer.subarray(0, length)) : 0
    this.#left -= length - bodyFrom
    if (this.#left < 0) this.fail('more came than was asked for')
    else if (this.#left === 0) this.#onAnswer()
    return true
  }

  #readHead(piece: Buffer): number {
    const { direction, bytes } = this.#wanted
    const end = piece.indexOf('\r\n\r\n') + 4
    const head = piece.toString('latin1', 0, end)
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1])
    const isWhole = direction === 'download' ? length === bytes : piece.toString('latin1', end) === String(bytes)
    if (!head.startsWith('HTTP/1.1 200 ') || !isWhole)
      this.fail(`a ${direction} of ${bytes} bytes got ${piece.toString('latin1', 0, 300)}`)
    this.#left = length
    return end
  }
}
