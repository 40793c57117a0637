/** What a proxy in Node costs at least, with the checks left out. */
import { freePort } from '../../test/support/free-port.ts'
import { GATEWAY_CORE, startPinned } from '../processes.ts'
import type { Row } from '../row.ts'

function floor(id: string, title: string, script: string): Row {
  return {
    ...{ id, title, group: 'floor', tokens: 'few', checks: [] },
    missing: () => undefined,
    async start(world) {
      const port = await freePort()
      const file = new URL(`../floors/${script}`, import.meta.url).pathname
      const command = [process.execPath, file, String(port), String(world.upstream.port)]
      return startPinned(command, { core: GATEWAY_CORE, port, outputFile: world.outputFile(id) })
    },
  }
}

export const FLOOR_ROWS: readonly Row[] = [
  floor('byte-pump', 'byte pump: socket → socket', 'byte-pump.ts'),
  floor('passthrough', 'bare passthrough: node:http → undici', 'bare-passthrough.ts'),
]
