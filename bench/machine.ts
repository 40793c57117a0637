/** Where figures come from: without machine, versions, load and command a number is no result. */
import { execFileSync } from 'node:child_process'
import { cpus, release } from 'node:os'
import { findProgram } from './processes.ts'
import { findEnvoy } from './targets/envoy.ts'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly kernel: string
  /** By program; only those that are installed. */
  readonly versions: Readonly<Record<string, string>>
}

export function describeMachine(): Machine {
  const processors = cpus()
  const found = {
    wrk: versionOf('wrk', '-v'),
    nginx: versionOf('nginx', '-v'),
    redis: versionOf('redis-server', '--version'),
    haproxy: versionOf('haproxy', '-v'),
    envoy: versionOf(findEnvoy(), '--version'),
  }
  const versions = Object.entries(found).flatMap(([name, version]) => (version === undefined ? [] : [[name, version]]))
  return {
    cpu: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    kernel: release(),
    versions: { node: process.versions.node, ...Object.fromEntries(versions) },
  }
}

/** The first thing in a program's own words that looks like a version; some say it on standard error or exit with 1. */
function versionOf(program: string | undefined, flag: string): string | undefined {
  const path = program === undefined ? undefined : findProgram(program)
  if (path === undefined) return undefined
  const text = execFileSync('sh', ['-c', '"$1" "$2" 2>&1 || true', 'sh', path, flag], { encoding: 'utf8' })
  return parseVersion(text)
}

export function parseVersion(text: string): string | undefined {
  return /\d+\.\d+\.\d+/.exec(text)?.[0]
}

/** The commit that was measured, with `-dirty` when the tree holds something else; empty outside of git. */
export function describeCommit(root: string): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { cwd: root, encoding: 'utf8' }).trim()
  } catch {
    return ''
  }
}
