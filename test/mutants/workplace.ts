/** A copy of the project in which one mutant at a time is tried. The files of the project itself are never touched. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { applyChange, changesOf, type Mutant } from './mutant.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const LEFT_OUT = new Set(['.git', 'node_modules', 'bench', 'dist', 'coverage'])
/** For the tests of one mutant: for each file of them. */
const TIME_LIMIT_MS = 60_000

export interface Outcome {
  /** `unloadable`: no test failed, but a file could not be loaded or set up: that proves nothing. */
  readonly kind: 'killed' | 'timed-out' | 'survived' | 'unloadable'
  /** The test that failed first, or what kept the tests from running. */
  readonly by: string
}

export interface Workplace {
  /** Runs the mutant's tests with the mutant in place. */
  tryOut(mutant: Mutant): Promise<Outcome>
  /** Runs tests with nothing changed. One that fails on a busy machine gets another try. */
  tryUnchanged(tests: readonly string[]): Promise<Outcome>
  close(): Promise<void>
}

export async function createWorkplace(): Promise<Workplace> {
  const folder = await mkdtemp(path.join(tmpdir(), 'scopegate-mutants-'))
  await cp(ROOT, folder, { recursive: true, filter: (from) => !LEFT_OUT.has(path.relative(ROOT, from)) })
  await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'))

  async function tryOut(mutant: Mutant): Promise<Outcome> {
    const files = new Map<string, string>()
    for (const change of changesOf(mutant)) {
      const file = path.join(folder, change.file)
      const original = files.get(file) ?? (await readFile(file, 'utf8'))
      files.set(file, original)
      await writeFile(file, applyChange(await readFile(file, 'utf8'), change))
    }
    try {
      return await runTests(mutant.tests, ['--bail', '1'])
    } finally {
      for (const [file, original] of files) await writeFile(file, original)
    }
  }

  async function runTests(tests: readonly string[], more: readonly string[]): Promise<Outcome> {
    const report = path.join(folder, 'report.json')
    await rm(report, { force: true })
    const files = tests.map((test) => path.posix.join('test', test))
    const options = ['--config', 'test/vitest.config.ts', '--project', 'fast', ...more]
    const output = ['--reporter', 'json', '--outputFile', report]
    const vitest = path.join(ROOT, 'node_modules/vitest/vitest.mjs')
    // A group of its own, so that what the tests have started ends with them.
    const child = spawn(process.execPath, [vitest, 'run', ...options, ...output, ...files], {
      cwd: folder,
      detached: true,
      stdio: 'ignore',
      env: { ...process.env, CI: 'true' },
    })
    const pid = child.pid as number
    const limitMs = TIME_LIMIT_MS * (1 + tests.length)
    const timer = setTimeout(() => endGroup(pid), limitMs)
    await once(child, 'exit')
    clearTimeout(timer)
    const isKilled = child.signalCode !== null
    endGroup(pid)
    if (isKilled) return { kind: 'timed-out', by: `no end within ${limitMs / 1000} s` }
    return judge(await readFile(report, 'utf8').catch(() => '{}'))
  }

  return {
    tryOut,
    tryUnchanged: (tests) => runTests(tests, ['--retry', '2']),
    close: () => rm(folder, { recursive: true, force: true }),
  }
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nothing of it is left.
  }
}

interface Report {
  readonly numPassedTests?: number
  readonly success?: boolean
  readonly testResults?: readonly {
    readonly name: string
    readonly status: string
    readonly message?: string
    readonly assertionResults: readonly {
      readonly status: string
      readonly fullName: string
      readonly failureMessages?: readonly string[]
    }[]
  }[]
}

function judge(text: string): Outcome {
  const { testResults = [], numPassedTests = 0, success = false } = JSON.parse(text) as Report
  const failed = testResults.flatMap((file) => file.assertionResults).find(({ status }) => status === 'failed')
  if (failed !== undefined) {
    const isLate = failed.failureMessages?.every((message) => message.includes('timed out')) === true
    return { kind: isLate ? 'timed-out' : 'killed', by: failed.fullName }
  }
  if (success && numPassedTests > 0) return { kind: 'survived', by: '' }
  const broken = testResults.find(({ status }) => status === 'failed')
  return { kind: 'unloadable', by: broken?.message ?? 'no test has run' }
}
