/** Ports for programs that can't be told "any port": they must be named one before they start. */
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the ports that Linux gives to outgoing connections (32768 and up): none of those can take it before its program. */
const FIRST = 12_000
const END = 32_000

/** A port of 127.0.0.1 that was free a moment ago, chosen by chance so that two who ask at once don't meet. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, END)
    const server = createServer().listen(port, '127.0.0.1')
    try {
      await once(server, 'listening')
    } catch {
      continue
    }
    server.close()
    await once(server, 'close')
    return port
  }
}
