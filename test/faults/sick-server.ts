/** Servers that fall ill and recover on the same port. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import net, { type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import tls from 'node:tls'
import { waitFor } from '../support/wait-for.ts'

/** A request without a body: its bytes come at once. */
type Act = (socket: Socket) => unknown

export interface SickServer {
  readonly url: string
  /** The same behaviour behind a certificate that nobody vouches for. */
  readonly secureUrl: string
  /** From now on this is done when a request comes. */
  behave(act: Act): void
  /** Connections are refused until `listen`; those that are open are ended. */
  refuse(): Promise<void>
  listen(): Promise<void>
  close(): Promise<void>
}

export async function startSickServer(first: Act): Promise<SickServer> {
  let act = first
  const sockets = new Set<Socket>()
  const take = (socket: Socket): void => {
    sockets.add(socket)
    socket
      .on('error', () => {})
      .on('data', () => act(socket))
      .once('close', () => sockets.delete(socket))
  }
  const server = net.createServer(take)
  const secure = tls.createServer(selfSigned(), take).on('tlsClientError', () => {})
  const endAll = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  const port = await listenOn(server, 0)
  const securePort = await listenOn(secure, 0)

  function stop(one: Server): Promise<unknown> {
    const closed = new Promise((resolve) => one.close(resolve))
    endAll()
    return closed
  }

  return {
    url: `http://127.0.0.1:${port}`,
    secureUrl: `https://127.0.0.1:${securePort}`,
    behave(next) {
      act = next
    },
    refuse: async () => void (await stop(server)),
    listen: async () => void (await listenOn(server, port)),
    close: async () => void (await Promise.all([stop(server), stop(secure)])),
  }
}

async function listenOn(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** A certificate for 127.0.0.1 that no authority has signed. */
export function selfSigned(): { readonly key: Buffer; readonly cert: Buffer } {
  const folder = mkdtempSync(path.join(tmpdir(), 'scopegate-tls-'))
  const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')]
  const subject = '-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1'
  const command = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 ${subject} -keyout ${key} -out ${cert}`
  execFileSync('openssl', command.split(' '), { stdio: 'ignore' })
  const files = { key: readFileSync(key), cert: readFileSync(cert) }
  rmSync(folder, { recursive: true })
  return files
}

const FULL_SERVER = `
  const server = require('node:http').createServer((_, answer) => answer.end('ok'))
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port))`

export interface FullServer {
  readonly url: string
  /** It stands still, and its queue is full: the kernel lets further connections wait without a word. */
  fill(): Promise<void>
  empty(): void
  close(): Promise<void>
}

/** A process of its own, for one that can be stopped. */
export async function startFullServer(): Promise<FullServer> {
  const child = spawn(process.execPath, ['-e', FULL_SERVER], { stdio: ['ignore', 'pipe', 'inherit'] })
  const killWithUs = () => child.kill('SIGKILL')
  process.once('exit', killWithUs)
  const port = Number(String((await once(child.stdout, 'data'))[0]))
  const waiting: Socket[] = []
  return {
    url: `http://127.0.0.1:${port}`,
    async fill() {
      child.kill('SIGSTOP')
      for (;;) {
        const socket = net.connect(port, '127.0.0.1').on('error', () => {})
        waiting.push(socket)
        const isTaken = await Promise.race([
          once(socket, 'connect').then(() => true),
          new Promise<false>((resolve) => setTimeout(() => resolve(false), 100)),
        ])
        if (!isTaken) return
      }
    },
    empty() {
      for (const socket of waiting.splice(0)) socket.destroy()
      child.kill('SIGCONT')
    },
    async close() {
      process.off('exit', killWithUs)
      child.kill('SIGKILL')
      await waitFor('the end of the full server', () => child.signalCode !== null)
    },
  }
}
