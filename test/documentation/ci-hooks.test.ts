/** The hooks for the repository of a route-scope file, as pre-commit runs them, and by pre-commit itself where it is there. */
import { execFileSync } from 'node:child_process'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { readProjectFile } from '../support/documents.ts'
import { commit, env, git, READ, repository, routesWith, write } from '../support/policy-repository.ts'

interface Hook {
  readonly id: string
  readonly entry: string
  readonly args: readonly string[]
  readonly files: string
}

const CONFIG = readProjectFile('examples/ci/.pre-commit-config.yaml')
const MANIFEST = readProjectFile('examples/ci/.pre-commit-hooks.yaml')

describe('examples/ci/.pre-commit-config.yaml and .pre-commit-hooks.yaml', { timeout: 60_000 }, () => {
  const hooks: readonly Hook[] = [...parse(CONFIG).repos[0].hooks, ...parse(MANIFEST)]

  /** As pre-commit runs a hook of `language: system` with `pass_filenames: false`. */
  function run({ entry, args }: Hook): number {
    const [program = '', ...rest] = [...entry.split(' '), ...args]
    try {
      execFileSync(program, rest, { cwd: repository, env, stdio: 'pipe' })
      return 0
    } catch (error) {
      return (error as { status: number }).status
    }
  }

  it.each(hooks.map((hook) => [hook.id, hook] as const))(
    'lets a good file pass, and refuses a bad one: %s',
    (_, hook) => {
      write(routesWith(READ))
      expect(run(hook)).toBe(0)
      write(stringify({ ...parse(routesWith(READ)), tests: [{ request: 'GET /orders', expect: 200 }] }))
      expect(run(hook)).toBe(1)
      expect(new RegExp(hook.files).test('scopegate.yaml')).toBe(true)
      expect(new RegExp(hook.files).test('README.md')).toBe(false)
    },
  )
})

const preCommit = findPreCommit()

/** From PyPI; .ci/run makes an environment for it. */
function findPreCommit(): string | undefined {
  const program = process.env.PRE_COMMIT ?? 'pre-commit'
  try {
    execFileSync(program, ['--version'], { stdio: 'pipe' })
    return program
  } catch {
    console.warn('skipped: with pre-commit itself: it is neither in PATH nor at PRE_COMMIT')
    return undefined
  }
}

describe.skipIf(preCommit === undefined)('with pre-commit itself', { timeout: 120_000 }, () => {
  const run = (...args: string[]) => {
    const path = `${env.PATH}:${dirname(preCommit ?? '')}`
    return execFileSync(preCommit ?? '', args, {
      cwd: repository,
      env: { ...env, PATH: path },
      encoding: 'utf8',
      stdio: 'pipe',
    })
  }

  it('reads both files, and stops a commit of a bad file', () => {
    write(CONFIG, '.pre-commit-config.yaml')
    write(MANIFEST, '.pre-commit-hooks.yaml')
    run('validate-config', '.pre-commit-config.yaml')
    run('validate-manifest', '.pre-commit-hooks.yaml')
    run('install')
    write(routesWith(READ))
    commit('good')
    write('version: 2')
    expect(() => commit('bad')).toThrow(/scopegate validate\.+Failed/)
    git('checkout', '--quiet', 'HEAD', '--', 'scopegate.yaml')
    write('x', 'README.md')
    commit('of another file')
    expect(git('log', '--format=%s').split('\n').slice(0, 2)).toEqual(['of another file', 'good'])
  })
})
