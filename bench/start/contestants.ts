/** What is started: the gateway, by its two ways to find the keys of an issuer, and the least that answers at all. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { freePort } from '../../test/support/free-port.ts'
import { ALL_CHECKS, type Check } from '../checks.ts'
import { EVERYTHING } from '../growth/gateway-process.ts'
import { programOf } from '../processes.ts'
import { routeScopeFile } from '../targets/gateway.ts'
import { BODY, type World } from '../world.ts'

export interface Contestant {
  readonly id: string
  readonly title: string
  readonly checks: readonly Check[]
  readonly port: number
  readonly command: readonly string[]
}

export const HELLO = 'hello'

const HELLO_SERVER = `
const [port, length] = process.argv.slice(1).map(Number)
require('node:http').createServer((_, answer) => answer.end('x'.repeat(length))).listen(port, '127.0.0.1')
`

/** They run one at a time, and again and again on the same port. */
export async function createContestants(world: World, root: string): Promise<Contestant[]> {
  const port = await freePort()
  const command = [process.execPath, '-e', HELLO_SERVER, String(port), String(BODY.length)]
  return [
    { id: HELLO, title: 'bare hello server', checks: [], port, command },
    await gateway(world, root, 'jwks', 'scopegate start, the file names the JWKS'),
    await gateway(world, root, 'discovery', 'scopegate start, by discovery'),
  ]
}

async function gateway(world: World, root: string, id: 'jwks' | 'discovery', title: string): Promise<Contestant> {
  const port = await freePort()
  const { issuer, jwksUrl } = world.issuer
  const file = routeScopeFile(EVERYTHING, { port, issuer, jwksUrl, upstreamPort: world.upstream.port })
  const { main } = file.issuers as { main: { jwks?: string } }
  if (id === 'discovery') delete main.jwks
  const path = join(world.folder, `start-${id}.yaml`)
  await writeFile(path, stringify(file))
  return {
    id,
    title,
    checks: ALL_CHECKS,
    port,
    command: [...programOf(root), 'start', '-c', path],
  }
}
