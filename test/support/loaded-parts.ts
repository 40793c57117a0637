/** What a run of the built program loads, for that is what its start costs. */
import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Runs before the program, and says at its end what the process has loaded. */
const REPORTER = `
const { writeFileSync } = require('node:fs')
process.once('exit', () => {
  const files = Object.keys(require.cache).filter((file) => file !== __filename)
  writeFileSync(process.env.LOADED, JSON.stringify({ files, node: process.moduleLoadList }))
})
`

export interface Loaded {
  /** npm packages that code was loaded of. */
  readonly packages: readonly string[]
  /** Folders of `src` that code was loaded of. */
  readonly areas: readonly string[]
  /** Node's own modules. */
  readonly node: readonly string[]
}

export interface LoadReporter {
  /** Of Node, before the program. */
  readonly args: readonly string[]
  readonly env: { readonly LOADED: string }
  /** Of the last run that has ended. */
  read(): Promise<Loaded>
}

export async function createLoadReporter(folder: string): Promise<LoadReporter> {
  const script = join(folder, 'reporter.cjs')
  const report = join(folder, 'loaded.json')
  await writeFile(script, REPORTER)
  return { args: ['--require', script], env: { LOADED: report }, read: () => readReport(report) }
}

async function readReport(report: string): Promise<Loaded> {
  const { files, node } = JSON.parse(await readFile(report, 'utf8')) as { files: string[]; node: string[] }
  const text = files.map((file) => readFileSync(file, 'utf8')).join('\n')
  const named = (pattern: RegExp) => [...new Set([...text.matchAll(pattern)].map(([, name = '']) => name))].sort()
  return {
    packages: named(/^\/\/ .*\bnode_modules\/((?:@[^/]+\/)?[^/]+)\//gm),
    areas: named(/^\/\/ src\/([\w-]+)\//gm),
    node: node.map((name) => name.replace(/^NativeModule /, '')),
  }
}
