import type { DecisionLogConfig } from '../config/gateway-config.ts'
import { createLogSink, type LogSink } from './logger.ts'
import { createRotatingFile } from './rotating-file.ts'

/** Where the decision log goes. */
export interface DecisionFile extends Pick<DecisionLogConfig, 'sample'>, Pick<LogSink, 'write'> {
  /** So far. */
  lostLines(): number
  close(): Promise<void>
}

/** Throws, with the name of the setting, when the file cannot be written. */
export function openDecisionFile(config: DecisionLogConfig): DecisionFile {
  let lostLines = 0
  const onLost = (lines: number): void => {
    lostLines += lines
  }
  const file = openOrExplain(() => createRotatingFile({ ...config, onLost }))
  const sink = createLogSink(file.write)
  return {
    sample: config.sample,
    write: sink.write,
    lostLines: () => lostLines,
    async close() {
      sink.close()
      await file.close()
    },
  }
}

function openOrExplain<T>(open: () => T): T {
  try {
    return open()
  } catch (error) {
    throw new Error(`decisions.file cannot be written: ${(error as Error).message}`)
  }
}
