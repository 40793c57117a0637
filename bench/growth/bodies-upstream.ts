/** An upstream for bodies: `GET …/BYTES` is answered with so many, `POST` with how many came. Argument: port. */
import { createServer, type ServerResponse } from 'node:http'

const chunk = Buffer.alloc(256 * 1024, 'x')

function send(response: ServerResponse, left: number): void {
  for (let rest = left; ; rest -= chunk.length) {
    if (rest <= chunk.length) return void response.end(chunk.subarray(0, rest))
    if (!response.write(chunk)) return void response.once('drain', () => send(response, rest - chunk.length))
  }
}

createServer({ keepAliveTimeout: 0 }, (request, response) => {
  if (request.method === 'GET') {
    const bytes = Number(request.url?.split('/').at(-1))
    response.writeHead(200, { 'Content-Length': bytes })
    send(response, bytes)
    return
  }
  let came = 0
  request.on('data', ({ length }: Buffer) => {
    came += length
  })
  request.on('end', () => response.end(String(came)))
}).listen(Number(process.argv[2]), '127.0.0.1')
