/** The floor of any proxy in Node: bytes from one socket to another, unread. Arguments: port, upstream's port. */
import { connect, createServer } from 'node:net'

const [port, upstreamPort] = process.argv.slice(2)

createServer({ noDelay: true }, (client) => {
  const upstream = connect({ port: Number(upstreamPort), host: '127.0.0.1', noDelay: true })
  client.pipe(upstream).pipe(client)
  client.on('error', () => upstream.destroy())
  upstream.on('error', () => client.destroy())
}).listen(Number(port), '127.0.0.1')
