/** `scopegate start`: runs the gateway until it is told to stop. SIGHUP reads the file again. */
import { parseArgs } from 'node:util'
import { ConfigRefused, type RunningGateway, runGateway } from '../run-gateway.ts'
import { type CommandIo, UsageError } from './command-io.ts'

export async function run(io: CommandIo, args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { config: { type: 'string', short: 'c', default: 'scopegate.yaml' }, port: { type: 'string' } },
  })
  const port = readPort(values.port ?? io.env.PORT)
  let gateway: RunningGateway
  try {
    gateway = await runGateway({
      configFile: values.config,
      env: io.env,
      cwd: io.cwd,
      log: io.stdout,
      ...(port === undefined ? undefined : { port }),
    })
  } catch (error) {
    if (error instanceof ConfigRefused) {
      io.stderr(`${error.message}\n`)
      return error.unreadable ? 2 : 1
    }
    io.stderr(`scopegate cannot start: ${describeListenError(error)}\n`)
    return 1
  }
  const stopReloading = io.onSignal('SIGHUP', () => void gateway.reload())
  await new Promise<void>((resolve) => {
    io.onSignal('SIGTERM', resolve)
    io.onSignal('SIGINT', resolve)
  })
  stopReloading()
  await gateway.close()
  return 0
}

/** Port 0 lets the system choose. */
function readPort(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535) throw new UsageError('the port must be a number from 0 to 65535')
  return port
}

function describeListenError(error: unknown): string {
  const { code, port, message } = error as NodeJS.ErrnoException & { port?: number }
  if (code === 'EADDRINUSE') return `port ${port} is in use`
  if (code === 'EACCES') return `port ${port} needs more rights than this process has`
  return message
}
