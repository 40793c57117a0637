/** What `node:http` does by itself for a request and its answer, so that it is not taken for work of the gateway. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const server = createServer((_, outgoing) => {
  outgoing.writeHead(200, ['Content-Type', 'text/plain', 'Content-Length', '2'])
  outgoing.end('ok', 'latin1')
})
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`)
})
