/** Fetching keys, beside what `key-source.test.ts` shows of issuers that misbehave: what HTTP itself allows a server. */
import { createServer, type Server } from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createDocumentFetcher } from '../../../src/authentication/fetch-document.ts'

const never = new AbortController().signal
const failure = (reason: string) => expect.objectContaining({ name: 'KeyFetchError', reason })

let server: net.Server | undefined
afterEach(() => new Promise((done) => server?.close(done)))

async function listen(created: net.Server | Server): Promise<string> {
  server = created
  await new Promise<void>((listening) => created.listen(0, '127.0.0.1', listening))
  return `127.0.0.1:${(created.address() as AddressInfo).port}`
}

/** A server that answers the first bytes of each connection with these, and keeps it open. */
const answering = (answer: string) =>
  listen(net.createServer((socket) => socket.on('error', () => {}).once('data', () => socket.write(answer))))

describe('createDocumentFetcher', () => {
  it('asks on a connection of its own, and shows nothing of the address but its path', async () => {
    let head: readonly string[] = []
    const host = await listen(
      createServer((request, response) => {
        head = [`${request.method} ${request.url}`, ...request.rawHeaders]
        response.end('{}')
      }),
    )
    const body = await createDocumentFetcher().fetch(`http://name:password@${host}/certs?a=b`, never)
    expect(new TextDecoder().decode(body)).toBe('{}')
    expect(head).toEqual(['GET /certs?a=b', 'accept', 'application/json', 'Host', host, 'Connection', 'close'])
  })

  it.each([
    ['a switch of protocols', 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'],
    ['a head that is no HTTP', 'HTTP/1.1 200 OK\r\nno colon\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}'],
    ['a length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}'],
    ['a head without end', `HTTP/1.1 200 OK\r\nA: ${'a'.repeat(20_000)}`],
  ])('takes %s for a broken connection', async (_what, answer) => {
    const host = await answering(answer)
    await expect(createDocumentFetcher().fetch(`http://${host}/`, never)).rejects.toThrow(failure('network'))
  })

  it('passes over interim answers', async () => {
    const host = await answering(
      'HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}',
    )
    expect(await createDocumentFetcher().fetch(`http://${host}/`, never)).toHaveLength(2)
  })

  it.each([
    ['before the answer', ''],
    ['inside the body', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{'],
  ])('breaks off when it is closed, %s', async (_when, answer) => {
    const arrived = Promise.withResolvers<net.Socket>()
    const host = await listen(
      net.createServer((socket) => {
        socket.on('error', () => {}).once('data', () => socket.write(answer, () => arrived.resolve(socket)))
      }),
    )
    const fetcher = createDocumentFetcher()
    const fetched = fetcher.fetch(`http://${host}/`, never)
    fetched.catch(() => {})
    const socket = await arrived.promise
    const closed = new Promise((resolve) => socket.once('close', resolve))
    await fetcher.close()
    await expect(fetched).rejects.toThrow(failure('network'))
    await closed
  })
})
