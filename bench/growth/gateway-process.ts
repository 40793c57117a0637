/** The gateway with everything on, from the bundle, where a section needs more in its route-scope file. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { freePort } from '../../test/support/free-port.ts'
import { GATEWAY_CORE, programOf, type Running, startPinned } from '../processes.ts'
import { routeScopeFile, type Stages } from '../targets/gateway.ts'
import type { World } from '../world.ts'

const ROOT = new URL('../..', import.meta.url).pathname

export const EVERYTHING: Stages = { access: 'scope', limit: 'memory', accessLog: true }

type RouteScopeFile = Record<string, unknown>

/** `change` gets the file that the other rows of the bench use, and gives the one to start with. */
export async function startGateway(
  world: World,
  id: string,
  stages: Stages,
  options: {
    readonly upstreamPort?: number
    /** Default is the one that is kept free for what is measured. */
    readonly cores?: readonly number[]
    readonly change?: (file: RouteScopeFile) => RouteScopeFile
  } = {},
): Promise<Running> {
  const port = await freePort()
  const { issuer, jwksUrl } = world.issuer
  const file = routeScopeFile(stages, {
    port,
    issuer,
    jwksUrl,
    upstreamPort: options.upstreamPort ?? world.upstream.port,
  })
  const path = join(world.folder, `${id}.yaml`)
  await writeFile(path, stringify(options.change?.(file) ?? file))
  const command = [...programOf(ROOT), 'start', '-c', path]
  return startPinned(command, {
    core: options.cores ?? GATEWAY_CORE,
    port,
    outputFile: world.outputFile(id),
    cwd: ROOT,
  })
}
