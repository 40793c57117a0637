/** The harness itself, with the shortest round there is. What is measured here is thrown away. */
import { execFile } from 'node:child_process'
import { expect, it } from 'vitest'
import { findProgram } from '../../../bench/processes.ts'
import { describeWith } from '../../support/describe-with.ts'

const ROOT = new URL('../../..', import.meta.url).pathname
const missing = ['wrk', 'taskset'].filter((program) => findProgram(program) === undefined)

function bench(...args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['bench/run.ts', '--smoke', '--no-build', ...args],
      { cwd: ROOT },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    )
  })
}

describeWith(missing.length === 0 ? undefined : `${missing.join(' and ')} not in PATH`, 'the bench', () => {
  it('measures a row', async () => {
    const { code, stdout, stderr } = await bench('--rows', 'passthrough')
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('round 1 of 1') })
    expect(stdout).toMatch(/^bare passthrough.* 0$/m)
  })

  it('fails when a status is wrong', async () => {
    const { code, stdout, stderr } = await bench('--rows', 'passthrough', '--path', '/nowhere/')
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('requests went wrong: passthrough') })
    expect(stdout).toMatch(/^bare passthrough.* [1-9]\d*$/m)
  })
})
