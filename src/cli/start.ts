/** `scopegate start`: runs the gateway until it is told to stop. SIGHUP reads the file again. */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { ConfigRefused, loadFirst, type RunningGateway, type RunOptions, runGateway } from '../run-gateway.ts'
import type { RunningWorkers } from '../workers/run-workers.ts'
import { type CommandIo, UsageError } from './command-io.ts'
import { openLog } from './open-log.ts'

export async function run(io: CommandIo, args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { config: { type: 'string', short: 'c', default: 'scopegate.yaml' }, port: { type: 'string' } },
  })
  const port = readPort(values.port ?? io.env.PORT)
  const log = openLog(io)
  let gateway: RunningGateway | RunningWorkers
  try {
    gateway = await runAll({
      configFile: values.config,
      env: io.env,
      cwd: io.cwd,
      log: log.write,
      ...(port === undefined ? undefined : { port }),
    })
  } catch (error) {
    await log.close()
    if (error instanceof ConfigRefused) {
      io.stderr(`${error.message}\n`)
      return error.unreadable ? 2 : 1
    }
    io.stderr(`scopegate cannot start: ${describeListenError(error)}\n`)
    return 1
  }
  const stopReloading = io.onSignal('SIGHUP', () => void gateway.reload())
  const failure = await untilTheEnd(io, gateway)
  stopReloading()
  await gateway.close()
  await log.close()
  if (failure === undefined) return 0
  io.stderr(`scopegate gives up: ${failure}\n`)
  return 1
}

/** In as many processes as the file says. */
async function runAll(options: RunOptions): Promise<RunningGateway | RunningWorkers> {
  const first = await loadFirst(options)
  const { workers: asked } = first.config.server
  const workers = asked === 'auto' ? availableParallelism() : asked
  if (workers === 1) return runGateway(options, first)
  const { runWorkers } = await import('../workers/run-workers.ts')
  return runWorkers({ ...options, workers }, first)
}

/** Why the gateway cannot go on; undefined: it was told to stop. */
function untilTheEnd(io: CommandIo, gateway: RunningGateway | RunningWorkers): Promise<string | undefined> {
  return new Promise((resolve) => {
    io.onSignal('SIGTERM', () => resolve(undefined))
    io.onSignal('SIGINT', () => resolve(undefined))
    if ('givenUp' in gateway) void gateway.givenUp.then(resolve)
  })
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
