/** The upstream where nginx is not installed. Argument: port. */
import { createServer } from 'node:http'

const body = Buffer.alloc(1024, 'x')
const head = { 'content-type': 'application/json', 'content-length': body.length }

createServer({ keepAliveTimeout: 0 }, (request, response) => {
  const found = request.url?.startsWith('/orders/') === true
  response.writeHead(found ? 200 : 404, head).end(body)
}).listen(Number(process.argv[2]), '127.0.0.1')
