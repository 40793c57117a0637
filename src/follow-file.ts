/** A new file is in force as a whole or not at all; either way the log, `/config/status` and a metric say so. */
import { type ConfigRecord, type RefusalProblem, toRefusalProblem } from './config/config-record.ts'
import type { Loaded, LoadResult } from './config/load.ts'
import { type ConfigWatcher, watchConfig } from './config/reload.ts'
import type { Logger } from './observability/logger.ts'
import type { Metrics } from './observability/metrics.ts'

export interface FollowOptions {
  /** Absolute path. */
  readonly file: string
  /** Schema files that the configuration in force names. */
  readonly schemas: Iterable<string>
  readonly load: () => LoadResult | Promise<LoadResult>
  /** Puts in force what was read; when it throws or rejects, nothing has changed. */
  readonly apply: (loaded: Loaded) => void | Promise<void>
  readonly record: Pick<ConfigRecord, 'status' | 'refused'>
  readonly logger: Logger
  readonly metrics: Metrics
}

export function followFile({ file, schemas, load, apply, record, logger, metrics }: FollowOptions): ConfigWatcher {
  function refuse(refused: readonly RefusalProblem[]): void {
    const problems = refused.map(({ text }) => text)
    record.refused(refused)
    metrics.countReload('refused')
    logger.error({ problems }, 'the new configuration was refused; the one in force stays')
  }

  metrics.gauge({
    name: 'scopegate_config_last_reload_successful',
    help: 'Whether the last file that was read is in force.',
    merge: 'min',
    read: () => [{ labels: '', value: record.status().lastRefusal === undefined ? 1 : 0 }],
  })
  return watchConfig({
    file,
    schemas,
    digest: record.status().digest,
    load,
    async onLoaded(loaded) {
      const { config } = loaded
      await apply(loaded)
      logger.level = config.log.level
      metrics.countReload('applied')
      logger.info({ routes: config.routes.length, digest: config.digest }, 'the new configuration is in force')
    },
    onRefused: (problems) => refuse(problems.map(toRefusalProblem)),
    onFailed(error) {
      const message = error instanceof Error ? error.message : 'the file cannot be watched'
      refuse([{ text: message, message }])
    },
  })
}
