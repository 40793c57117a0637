import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

const cwd = new URL('../../..', import.meta.url).pathname

function scopegate(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['src/main.ts', ...args], {
    ...{ cwd, encoding: 'utf8' },
    env: { PATH: process.env.PATH ?? '', REDIS_URL: 'redis://cache:6379' },
  })
  return { status, stdout, stderr }
}

describe('main: a process of its own', () => {
  it('exits with 0 for a good file', () => {
    const { status, stdout, stderr } = scopegate('validate')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/^ok: 4 routes/)
  })

  it('exits with 1 for a bad file, without a stack', () => {
    const { status, stdout, stderr } = scopegate('validate', '-c', 'test/fixtures/config/bad.yaml')
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).not.toContain('    at ')
  })

  it('exits with 2 for an unknown command, and takes the environment from the process', () => {
    expect(scopegate('unknown').status).toBe(2)
    expect(scopegate('routes', '-c', 'test/fixtures/config/full.yaml').status).toBe(0)
  })

  it('is no worker when a person asks for it', () => {
    const { status, stderr } = scopegate('worker')
    expect([status, stderr.split('\n')[0]]).toEqual([2, 'scopegate: workers are started by `scopegate start`'])
  })

  it('prints the version of the package', () => {
    expect(scopegate('--version').stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})
