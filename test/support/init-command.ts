/** `scopegate init` in a folder of its own, and whether what it wrote is good. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect } from 'vitest'
import { runCommand } from '../unit/cli/test-io.ts'

const ROOT = new URL('../..', import.meta.url).pathname
export const PROGRAM = [process.execPath, join(ROOT, 'src/main.ts')]

/** New for each test. */
export let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scopegate-init-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** A file of the folder. */
export const read = (name = 'scopegate.yaml') => readFileSync(join(folder, name), 'utf8')

/** A process of its own. */
export function scopegate(args: readonly string[], input = '') {
  const [node = '', main = ''] = PROGRAM
  const { status, stdout, stderr } = spawnSync(node, [main, ...args], {
    ...{ cwd: folder, encoding: 'utf8', input },
    env: { PATH: process.env.PATH ?? '' },
  })
  return { status, stdout, stderr }
}

/** Other commands, in this process. */
export async function inProcess(...args: string[]) {
  const { code, out, err } = await runCommand(args, { cwd: folder })
  return { status: code, stdout: out, stderr: err }
}

/** With no warning, every test green, and a test for each line. */
export async function expectGood(): Promise<void> {
  expect(await inProcess('validate', '--strict')).toMatchObject({ status: 0, stderr: '' })
  const { status, stdout } = await inProcess('test', '--json')
  const { tests, coverage } = JSON.parse(stdout) as { tests: object[]; coverage: { tests: number }[] }
  expect(status).toBe(0)
  expect(tests.length).toBeGreaterThan(0)
  expect(coverage.filter((line) => line.tests === 0)).toEqual([])
}
