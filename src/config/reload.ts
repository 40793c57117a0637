/** Keeps a configuration current: on a change of its file, and when asked. */
import { type FSWatcher, watch } from 'node:fs'
import path from 'node:path'
import type { Loaded, LoadResult } from './load.ts'
import type { Problem } from './problem.ts'

export interface WatchOptions {
  /**
   * Path of the file. Its folder is watched, because editors and kubelets replace the file or a link on its way; and
   * what the path leads to, because a file mounted alone into a container changes without its folder.
   */
  readonly file: string
  /** Schema files that the configuration in use at the start names, relative to the folder of `file`. They are watched likewise. */
  readonly schemas?: Iterable<string>
  /** Reads the file anew. */
  readonly load: () => LoadResult | Promise<LoadResult>
  /** Digest of the configuration in use at the start. */
  readonly digest: string
  /** Puts a configuration in use. A rejection refuses it: the one before stays, and the next change is tried again. */
  readonly onLoaded: (loaded: Loaded) => void | Promise<void>
  /** The file is bad; nothing has changed. Called once for each bad text, not for each event. */
  readonly onRefused: (problems: readonly Problem[]) => void
  /** Putting in use failed, or the folder cannot be watched (any more). `reload` keeps working. */
  readonly onFailed: (error: unknown) => void
  /** Ends the watching. */
  readonly signal?: AbortSignal
  /** Quiet time after the last event before the file is read; editors and kubelets write in steps. Default 100. */
  readonly settleMs?: number
}

export interface ConfigWatcher {
  /** Reads the file now, and puts it in use even if its text is the same: secrets and certificates may have changed. */
  reload(): Promise<void>
  close(): void
}

/** Reloads happen one after the other; any number of changes while one runs lead to one more. */
export function watchConfig(options: WatchOptions): ConfigWatcher {
  const { file, signal, onFailed, settleMs = 100 } = options
  const step = createStep(options, watchSchemas)
  let timer: NodeJS.Timeout | undefined
  let last: Promise<void> = Promise.resolve()
  let folder: FSWatcher | undefined
  let target: FSWatcher | undefined
  let schemas: readonly (FSWatcher | undefined)[] = []

  const enqueue = (isForced: boolean): Promise<void> => {
    last = last.then(() => step(isForced))
    return last
  }
  const settle = () => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      target?.close()
      if (!isClosed) target = tryWatch(file, settle)
      void enqueue(false)
    }, settleMs)
    timer.unref()
  }
  let isClosed = false
  function watchSchemas(names: Iterable<string>): void {
    for (const watcher of schemas) watcher?.close()
    schemas = isClosed ? [] : placesOf(file, names).map((place) => tryWatch(place, settle))
  }
  const close = () => {
    isClosed = true
    clearTimeout(timer)
    folder?.close()
    target?.close()
    for (const watcher of schemas) watcher?.close()
  }
  folder = tryWatch(path.dirname(path.resolve(file)), settle, onFailed)
  target = tryWatch(file, settle)
  watchSchemas(options.schemas ?? [])
  if (signal?.aborted) close()
  signal?.addEventListener('abort', close, { once: true })
  return { reload: () => enqueue(true), close }
}

/** The files and their folders, but for the one that is watched already. */
function placesOf(file: string, names: Iterable<string>): string[] {
  const own = path.dirname(path.resolve(file))
  const files = [...names].map((name) => path.resolve(own, name))
  const folders = new Set(files.map((name) => path.dirname(name)))
  folders.delete(own)
  return [...files, ...folders]
}

/** Undefined when it cannot be watched. A watch that ends later is reported, too. */
function tryWatch(what: string, onEvent: () => void, onFailed?: (error: unknown) => void): FSWatcher | undefined {
  try {
    const watcher = watch(what, { persistent: false }, onEvent)
    watcher.on('error', (error) => onFailed?.(error))
    return watcher
  } catch (error) {
    onFailed?.(error)
    return undefined
  }
}

function createStep(
  { load, digest, onLoaded, onRefused, onFailed }: WatchOptions,
  watchSchemas: (names: Iterable<string>) => void,
) {
  let current = digest
  let refused = ''
  // Whether the file, as it was read last, is in use: going back to a good text also ends a refusal.
  let isInUse = true
  return async (isForced: boolean): Promise<void> => {
    try {
      const result = await load()
      if (result.schemas !== undefined) watchSchemas(result.schemas.keys())
      if (result.config === undefined) {
        isInUse = false
        const fingerprint = JSON.stringify(result.problems)
        if (isForced || fingerprint !== refused) onRefused(result.problems)
        refused = fingerprint
        return
      }
      refused = ''
      if (!isForced && isInUse && result.config.digest === current) return
      isInUse = false
      await onLoaded(result)
      isInUse = true
      current = result.config.digest
    } catch (error) {
      onFailed(error)
    }
  }
}
