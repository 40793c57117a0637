/** As `scopegate start`, with what people cannot set: `workers-main.ts -c FILE OPTIONS-AS-JSON`. */
import { loadFirst } from '../../src/run-gateway.ts'
import { isWorker, runWorker } from '../../src/workers/run-worker.ts'
import { runWorkers } from '../../src/workers/run-workers.ts'

const log = (text: string) => void process.stdout.write(text)
const { env } = process

if (isWorker()) {
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {})
  await runWorker({ env, log })
} else {
  const [, configFile = '', more = '{}'] = process.argv.slice(2)
  const options = { configFile, env, log }
  const gateway = await runWorkers({ ...options, workers: 2, ...JSON.parse(more) }, await loadFirst(options))
  const stopped = new Promise<undefined>((resolve) => process.once('SIGTERM', () => resolve(undefined)))
  process.exitCode = (await Promise.race([gateway.givenUp, stopped])) === undefined ? 0 : 1
  await gateway.close()
}
