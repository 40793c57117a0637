/** One row of the table: what it is called, what it checks, how it is started. */
import type { Check } from './checks.ts'
import { findProgram, type Running } from './processes.ts'
import type { World } from './world.ts'

export type Group = 'floor' | 'gateway' | 'other'

export interface Row {
  /** What `--rows` names. */
  readonly id: string
  readonly title: string
  readonly group: Group
  /** `many` are never found in a cache. */
  readonly tokens: 'few' | 'many'
  readonly checks: readonly Check[]
  /** What has to be installed first, in one line; undefined when all is there. */
  missing(): string | undefined
  start(world: World): Promise<Running>
}

export function missingProgram(name: string): string | undefined {
  return findProgram(name) === undefined ? `${name} is not installed (apt-get install ${name})` : undefined
}
