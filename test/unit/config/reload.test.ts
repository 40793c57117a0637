import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { GatewayConfig } from '../../../src/config/gateway-config.ts'
import { loadConfigFile } from '../../../src/config/load.ts'
import type { Problem } from '../../../src/config/problem.ts'
import { type ConfigWatcher, watchConfig } from '../../../src/config/reload.ts'
import { complete } from './mistakes.ts'

const folders: string[] = []
const watchers: ConfigWatcher[] = []
afterEach(() => {
  for (const watcher of watchers.splice(0)) watcher.close()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

const text = (port: number) => complete(`listen: { port: ${port} }\n`)

function start(prepare: (folder: string) => string = (folder) => write(path.join(folder, 'scopegate.yaml'), text(1))) {
  const folder = mkdtempSync(path.join(tmpdir(), 'scopegate-reload-'))
  folders.push(folder)
  const file = prepare(folder)
  const loaded: number[] = []
  const refused: string[] = []
  const failed: unknown[] = []
  const abort = new AbortController()
  let loads = 0
  let onLoaded: (config: GatewayConfig) => void | Promise<void> = () => undefined
  const watcher = watchConfig({
    file,
    digest: loadConfigFile(file, {}).config?.digest ?? '',
    load: () => {
      loads += 1
      return loadConfigFile(file, {})
    },
    onLoaded: async ({ config }) => {
      await onLoaded(config)
      loaded.push(config.server.listen.port)
    },
    onRefused: (problems: readonly Problem[]) => refused.push(problems.map(({ message }) => message).join()),
    onFailed: (error) => failed.push(error),
    signal: abort.signal,
    settleMs: 5,
  })
  watchers.push(watcher)
  return {
    ...{ folder, file, watcher, loaded, refused, failed, abort },
    loads: () => loads,
    whenLoading(step: typeof onLoaded) {
      onLoaded = step
    },
  }
}

function write(file: string, content: string): string {
  writeFileSync(file, content)
  return file
}

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 5 })

describe('watchConfig', () => {
  it('loads a file that was written over', async () => {
    const { file, loaded } = start()
    write(file, text(2))
    await eventually(() => expect(loaded).toEqual([2]))
  })

  it('loads a file that an editor put in its place by renaming', async () => {
    const { folder, file, loaded } = start()
    for (const port of [2, 3]) {
      renameSync(write(path.join(folder, '.scopegate.yaml.swp'), text(port)), file)
      await eventually(() => expect(loaded.at(-1)).toBe(port))
    }
    expect(loaded).toEqual([2, 3])
  })

  it('loads a file behind a folder link that Kubernetes swaps', async () => {
    const { folder, loaded } = start((at) => {
      mkdirSync(path.join(at, '..2026_01'))
      write(path.join(at, '..2026_01', 'scopegate.yaml'), text(1))
      symlinkSync('..2026_01', path.join(at, '..data'))
      symlinkSync('..data/scopegate.yaml', path.join(at, 'scopegate.yaml'))
      return path.join(at, 'scopegate.yaml')
    })
    mkdirSync(path.join(folder, '..2026_02'))
    write(path.join(folder, '..2026_02', 'scopegate.yaml'), text(2))
    symlinkSync('..2026_02', path.join(folder, '..data_tmp'))
    renameSync(path.join(folder, '..data_tmp'), path.join(folder, '..data'))
    await eventually(() => expect(loaded).toEqual([2]))
  })

  it('loads a file that changes where its link leads to, outside of its folder', async () => {
    const { folder, loaded } = start((at) => {
      mkdirSync(path.join(at, 'elsewhere'))
      mkdirSync(path.join(at, 'here'))
      write(path.join(at, 'elsewhere', 'a.yaml'), text(1))
      symlinkSync('../elsewhere/a.yaml', path.join(at, 'here', 'scopegate.yaml'))
      return path.join(at, 'here', 'scopegate.yaml')
    })
    for (const port of [2, 3]) {
      write(path.join(folder, 'elsewhere', 'a.yaml'), text(port))
      await eventually(() => expect(loaded.at(-1)).toBe(port))
    }
  })

  it('changes nothing for a bad file, says why once, and loads the next good one', async () => {
    const { file, loaded, refused, watcher } = start()
    write(file, 'version: 2\n')
    await eventually(() => expect(refused).toHaveLength(1))
    expect(loaded).toEqual([])
    await watcher.reload()
    expect(refused).toHaveLength(2)
    write(file, text(2))
    await eventually(() => expect(loaded).toEqual([2]))
  })

  it('changes nothing while the file is gone', async () => {
    const { file, loaded, refused } = start()
    rmSync(file)
    await eventually(() => expect(refused).toEqual(['the file does not exist']))
    write(file, text(2))
    await eventually(() => expect(loaded).toEqual([2]))
  })

  it('does nothing when the text is the same, unless asked', async () => {
    const { file, loaded, loads, watcher } = start()
    write(file, text(1))
    await eventually(() => expect(loads()).toBeGreaterThan(0))
    expect(loaded).toEqual([])
    await watcher.reload()
    expect(loaded).toEqual([1])
  })

  it('puts one configuration in use at a time, in order', async () => {
    const { file, loaded, watcher, whenLoading } = start()
    let running = 0
    const seen: number[] = []
    whenLoading(async () => {
      running += 1
      seen.push(running)
      await new Promise((resolve) => setImmediate(resolve))
      running -= 1
    })
    const reloads = [2, 3, 4].map((port) => {
      write(file, text(port))
      return watcher.reload()
    })
    await Promise.all(reloads)
    expect(new Set(seen)).toEqual(new Set([1]))
    expect(loaded.at(-1)).toBe(4)
  })

  it('tries again after a configuration could not be put in use', async () => {
    const { file, loaded, failed, watcher, whenLoading } = start()
    whenLoading(() => {
      throw new Error('no')
    })
    write(file, text(2))
    await watcher.reload()
    expect(failed.length).toBeGreaterThan(0)
    whenLoading(() => undefined)
    write(file, `${text(2)}`)
    await eventually(() => expect(loaded).toContain(2))
  })

  it('stops with its signal', async () => {
    const { file, loads, abort, watcher } = start()
    abort.abort()
    write(file, text(2))
    const before = loads()
    await watcher.reload()
    expect(loads()).toBe(before + 1)
  })

  it('still reloads when asked where the folder cannot be watched', async () => {
    const failed: unknown[] = []
    let refusals = 0
    const watcher = watchConfig({
      file: '/nowhere/at/all/scopegate.yaml',
      digest: '',
      load: () => loadConfigFile('/nowhere/at/all/scopegate.yaml', {}),
      onLoaded: () => undefined,
      onRefused: () => {
        refusals += 1
      },
      onFailed: (error) => failed.push(error),
    })
    watchers.push(watcher)
    await watcher.reload()
    expect(failed).toHaveLength(1)
    expect(refusals).toBe(1)
  })
})
