/** Clients on kept connections, each with one request under way at a time. */
import { once } from 'node:events'
import net, { type Socket } from 'node:net'

export interface Caller {
  readonly socket: Socket
  /** Sends the bytes; resolves with the status when the answer has come whole. */
  send(bytes: string): Promise<number>
  close(): Promise<void>
}

export async function connectCaller(url: string): Promise<Caller> {
  const socket = net.connect({ host: '127.0.0.1', port: Number(new URL(url).port), noDelay: true })
  await once(socket, 'connect')
  let waiting: PromiseWithResolvers<number> | undefined
  let text = ''
  socket.setEncoding('latin1')
  socket.on('data', (chunk) => {
    text += chunk
    const status = wholeAnswer(text)
    if (status === undefined) return
    text = ''
    waiting?.resolve(status)
  })
  socket.on('error', () => {})
  socket.on('close', () => waiting?.reject(new Error(`the connection was closed after: ${text}`)))
  return {
    socket,
    send(bytes) {
      waiting = Promise.withResolvers()
      socket.write(bytes, 'latin1')
      return waiting.promise
    },
    async close() {
      waiting = undefined
      if (socket.destroyed) return
      const closed = once(socket, 'close')
      socket.destroy()
      await closed
    },
  }
}

/** Its status, once the text holds an answer with a length or with chunks as a whole. */
function wholeAnswer(text: string): number | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const head = text.slice(0, end)
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
  const isWhole = length === undefined ? text.endsWith('\r\n0\r\n\r\n') : text.length === end + 4 + Number(length)
  return isWhole ? Number(head.split(' ')[1]) : undefined
}

export function connectCallers(url: string, count: number): Promise<Caller[]> {
  return Promise.all(Array.from({ length: count }, () => connectCaller(url)))
}

/** The head of a request, without a body. */
export function head(target: string, ...fields: string[]): string {
  return [`GET ${target} HTTP/1.1`, 'Host: gateway.test', ...fields, '', ''].join('\r\n')
}

/** Sends `count` requests, shared by the callers; throws when one is not answered with `status`. */
export async function sendAll(
  callers: readonly Caller[],
  count: number,
  bytesOf: (i: number) => string,
  status = 200,
): Promise<void> {
  let next = 0
  const loop = async (caller: Caller) => {
    for (let i = next++; i < count; i = next++) {
      const got = await caller.send(bytesOf(i))
      if (got !== status) throw new Error(`${got} for ${bytesOf(i)}`)
    }
  }
  await Promise.all(callers.map(loop))
}
