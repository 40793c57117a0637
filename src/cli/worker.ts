/** What `scopegate start` starts when the gateway has several processes. No command for people. */
import { isWorker, runWorker } from '../workers/run-worker.ts'
import { type CommandIo, UsageError } from './command-io.ts'
import { openLog } from './open-log.ts'

export async function run(io: CommandIo): Promise<number> {
  if (!isWorker()) throw new UsageError('workers are started by `scopegate start`')
  // A terminal and a service manager signal the whole group. The primary says what is to be done, to all workers at once.
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) io.onSignal(signal, () => {})
  const log = openLog(io)
  await runWorker({ env: io.env, cwd: io.cwd, log: log.write })
  await log.close()
  return 0
}
