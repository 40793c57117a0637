/** A git repository that holds a route-scope file, with `scopegate` in PATH, for each test. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { policyFile } from './policy-file.ts'

const ROOT = new URL('../..', import.meta.url).pathname

let folder: string
export let repository: string
export let env: Record<string, string>

export const git = (...args: string[]) => execFileSync('git', args, { cwd: repository, env, encoding: 'utf8' })
export const write = (text: string, name = 'scopegate.yaml') => writeFileSync(join(repository, name), text)

export function commit(message: string): void {
  git('add', '--all')
  git('commit', '--quiet', '--allow-empty', '--message', message)
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scopegate-ci-'))
  repository = join(folder, 'repository')
  const bin = join(folder, 'bin')
  for (const path of [repository, bin]) mkdirSync(path)
  writeFileSync(join(bin, 'scopegate'), `#!/bin/sh\nexec '${process.execPath}' '${ROOT}src/main.ts' "$@"\n`)
  chmodSync(join(bin, 'scopegate'), 0o755)
  const author = { NAME: 'a', EMAIL: 'a@example.com' }
  const who = Object.entries(author).flatMap(([key, value]) => [
    [`GIT_AUTHOR_${key}`, value],
    [`GIT_COMMITTER_${key}`, value],
  ])
  env = { PATH: `${bin}:${process.env.PATH}`, HOME: folder, ...Object.fromEntries(who) }
  git('init', '--quiet', '--initial-branch', 'main')
  commit('first')
})
afterEach(() => rmSync(folder, { recursive: true }))

export const routesWith = (...lines: object[]) =>
  policyFile({
    rateLimits: { 'per-ip': { limit: 300, window: '1m', key: 'client.ip', when: 'before-auth' } },
    defaults: { rateLimits: ['per-ip'] },
    routes: [{ path: '/orders/**', to: 'orders', allow: lines }],
  })
export const READ = { methods: ['GET'], scopes: 'orders:read' }
export const WRITE = { methods: ['POST'], scopes: 'orders:write' }
