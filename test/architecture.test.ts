/** Who may import whom. A boundary that is only written down is not one. */
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { RULES, type Rule } from './architecture-rules.ts'
import { readProjectFile } from './support/documents.ts'
import { filesOf, type Import, importsOf, UNREADABLE_IMPORT, withoutComments } from './support/source-files.ts'

const FOLDERS = ['src', 'test', 'scripts', 'bench']
const FORBIDDEN_FOLDERS = ['utils', 'util', 'helpers', 'common', 'services', 'lib', 'misc', 'shared']
const MAX_LINES = 250
/** nextTick is a timer; everything else of `process` is main.ts's to hand in. Texts may say "process". */
const PROCESS = /\bprocess(?:\??\.(?!nextTick\b)\w|\[)|[=(,:]\s*(?:globalThis\.)?process\s*(?:[,;)]|$)/m
const has = (list: readonly string[], name: string) => list.includes('*') || list.includes(name)
const areaOf = (file: string) => file.split('/')[1] ?? ''

function judgeImport(file: string, { target, typeOnly }: Import): string | undefined {
  const area = areaOf(file)
  const rule = RULES[area] as Rule
  if (target.startsWith('node:')) {
    const name = target.slice(5).split('/')[0] as string
    return has(rule.builtins, name) || (typeOnly && !rule.edge) ? undefined : `uses ${target}`
  }
  if (!target.startsWith('.')) {
    const name = target.split('/', target.startsWith('@') ? 2 : 1).join('/')
    return has(rule.packages, name) ? undefined : `uses the package ${name}`
  }
  const resolved = path.posix.join(path.posix.dirname(file), target)
  const other = areaOf(resolved)
  if (other === area && resolved.startsWith('src/')) return undefined
  if (other === 'dev' && file !== 'src/cli/dev.ts') return 'imports dev, which belongs to cli/dev.ts alone'
  if (!resolved.startsWith('src/') && area !== 'main.ts') return `imports ${resolved}`
  if (has(rule.values, other) || (typeOnly && has(rule.types, other))) return undefined
  return `imports ${typeOnly ? 'types' : 'values'} of ${other}`
}

/** What is wrong with a file of `src/`, by the rules above. */
function judge(file: string, source: string): string[] {
  const rule = RULES[areaOf(file)]
  if (rule === undefined) return ['is in no area of this table']
  const code = withoutComments(source)
  const problems = importsOf(code).flatMap((it) => judgeImport(file, it) ?? [])
  if (UNREADABLE_IMPORT.test(code)) problems.push('has an import that cannot be read here')
  if (file !== 'src/main.ts' && PROCESS.test(code)) problems.push('uses process')
  if (rule.edge && /(?<![\w$'"`.-])(?:Buffer|setImmediate|__dirname)\b/.test(code)) problems.push('uses a Node global')
  return problems
}

const isSource = (file: string) => /\.(?:ts|mjs|lua)$/.test(file)

describe('the architecture', () => {
  it.each(filesOf('src').filter((file) => file.endsWith('.ts')))('holds in %s', (file) => {
    expect(judge(file, readProjectFile(file))).toEqual([])
  })

  it(`has no file over ${MAX_LINES} lines`, () => {
    const files = FOLDERS.flatMap(filesOf).filter(isSource)
    expect(files.filter((file) => readProjectFile(file).trimEnd().split('\n').length > MAX_LINES)).toEqual([])
  })

  it('has no folder for what belongs nowhere', () => {
    const folders = FOLDERS.flatMap(filesOf).flatMap((file) => file.split('/').slice(0, -1))
    expect(folders.filter((name) => FORBIDDEN_FOLDERS.includes(name))).toEqual([])
  })
})

describe('the check of the architecture', () => {
  it.each([
    ['src/routing/a.ts', `import fs from 'node:fs'`, 'uses node:fs'],
    ['src/routing/a.ts', `import type { Readable } from 'node:stream'`, 'uses node:stream'],
    ['src/routing/a.ts', `import { decide } from '../authorization/decide.ts'`, 'imports values of authorization'],
    ['src/routing/a.ts', `import { type A } from '../config/gateway-config.ts'`, 'imports values of config'],
    ['src/routing/a.ts', `import {\n  a,\n  b,\n} from "../config/load.ts"`, 'imports values of config'],
    ['src/routing/a.ts', `export { a } from '../config/load.ts'`, 'imports values of config'],
    ['src/routing/a.ts', `export * from '../config/load.ts'`, 'imports values of config'],
    ['src/routing/a.ts', `import '../config/load.ts'`, 'imports values of config'],
    ['src/routing/a.ts', `const a = await import('../config/load.ts')`, 'imports values of config'],
    ['src/routing/a.ts', 'const a = await import(name)', 'has an import that cannot be read here'],
    ['src/routing/a.ts', `const a = require('x')`, 'has an import that cannot be read here'],
    ['src/routing/a.ts', 'const a = Buffer.from(b)', 'uses a Node global'],
    ['src/authorization/a.ts', `import type { A } from '../forwarding/forward.ts'`, 'imports types of forwarding'],
    ['src/authorization/a.ts', `import z from 'zod/v4'`, 'uses the package zod'],
    ['src/http/a.ts', `import { x } from '@hono/other/y'`, 'uses the package @hono/other'],
    ['src/pipeline.ts', `import { explain } from './authoring/explain.ts'`, 'imports values of authoring'],
    ['src/gateway.ts', `import { x } from './cli/start.ts'`, 'imports values of cli'],
    ['src/cli/start.ts', `import { x } from '../dev/realm.ts'`, 'imports dev, which belongs to cli/dev.ts alone'],
    ['src/http/a.ts', `import x from '../../package.json'`, 'imports package.json'],
    ['src/http/a.ts', 'const port = process.env.PORT', 'uses process'],
    ['src/http/a.ts', 'run(process)', 'uses process'],
    ['src/http/a.ts', "process['env']", 'uses process'],
    ['src/http/a.ts', 'const { env } = process\n', 'uses process'],
    ['src/http/a.ts', 'const { env } = globalThis.process\n', 'uses process'],
    ['src/services/a.ts', '', 'is in no area of this table'],
  ])('finds in %s: %s', (file, source, problem) => {
    expect(judge(file, source)).toEqual([problem])
  })

  it.each([
    ['src/routing/a.ts', `import type { A } from '../config/gateway-config.ts'\nimport { b } from './b.ts'`],
    ['src/routing/a.ts', `/** import fs from 'node:fs' */\n// process.env, Buffer\nconst below = '/orders/**'`],
    ['src/forwarding/a.ts', `import type { A } from '../routing/route-table.ts'\nprocess.nextTick(run)`],
    ['src/forwarding/a.ts', `import type { Server } from 'node:http'`],
    ['src/http/a.ts', `const text = 'this process. In this process, or that process; a process'`],
    ['src/cli/dev.ts', `import { readRealm } from '../dev/realm.ts'`],
    ['src/main.ts', `import x from '../package.json'\nprocess.exit(1)`],
  ])('finds nothing in %s: %s', (file, source) => {
    expect(judge(file, source)).toEqual([])
  })
})
