import { readFileSync } from 'node:fs'
import { type LoadResult, loadConfig } from '../../../src/config/load.ts'
import { formatProblem } from '../../../src/config/problem.ts'

export interface Mistake {
  readonly name: string
  readonly text: string
  /** The problems as people see them. */
  readonly expected: string
}

const FILE = new URL('../../fixtures/config/mistakes.txt', import.meta.url)

/** What a case leaves out stands below it, so that its lines keep their numbers. */
const REST: Readonly<Record<string, string>> = {
  version: '1',
  issuers: '{ main: { issuer: https://id.example.com, audience: a } }',
  upstreams: '{ up: http://up:80 }',
  routes: '[{ path: /, to: up, allow: [{ methods: any, token: any }] }]',
}

/** Cases are `=== name`, a file, and after `>>>` what it leads to. */
export function readMistakes(): Mistake[] {
  const cases = readFileSync(FILE, 'utf8').split(/^=== /m).slice(1)
  return cases.map((text) => {
    const [head = '', expected = ''] = text.split(/^>>>\n/m)
    const end = head.indexOf('\n')
    return { name: head.slice(0, end), text: head.slice(end + 1), expected }
  })
}

/** Adds the sections that the text does not have. */
export function complete(text: string): string {
  const rest = Object.entries(REST).filter(([key]) => !new RegExp(`^${key}:`, 'm').test(text))
  return text + rest.map(([key, value]) => `${key}: ${value}\n`).join('')
}

export function load(text: string, env: Readonly<Record<string, string>> = {}): LoadResult {
  const readFile = () => {
    throw new Error('does not exist')
  }
  return loadConfig({ text, file: 'f', env, readFile, now: Date.UTC(2026, 0, 1) })
}

export function show(result: LoadResult): string {
  return (result.problems ?? []).map((problem) => `${formatProblem(problem)}\n`).join('')
}
