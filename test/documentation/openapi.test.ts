/** The examples of docs/openapi.md, run. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { markedPart, readProjectFile } from '../support/documents.ts'
import { runCommand } from '../unit/cli/test-io.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'scopegate-openapi-page-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** What is in the fence of a marked part. */
const shown = (name: string) => `${markedPart('docs/openapi.md', name).split('\n').slice(1, -1).join('\n')}\n`

beforeAll(() => {
  const page = readProjectFile('docs/openapi.md')
  const upstream = page.split('\n').find((line) => /^ {2}orders: \{.*openapi: /.test(line)) ?? ''
  expect(upstream).toContain('openapi: orders.openapi.yaml')
  const file = readProjectFile('scopegate.yaml').replace(/^ {2}orders: .*$/m, upstream)
  writeFileSync(path.join(folder, 'scopegate.yaml'), file)
  writeFileSync(path.join(folder, 'orders.openapi.yaml'), shown('service'))
})

const run = (...args: string[]) => runCommand(['openapi', ...args], { cwd: folder })

describe('docs/openapi.md', () => {
  it('shows what becomes of an operation, and the paths', async () => {
    const { code, out } = await run('--title', 'Shop')
    expect(code).toBe(0)
    expect(out).toContain(shown('merged'))
    const paths = [...out.matchAll(/^ {2}(\/.*):$/gm)].map(([, it]) => it)
    expect(paths).toEqual([
      '/orders',
      '/orders/{no}',
      '/users/{userId}/orders',
      '/catalog',
      '/catalog/{rest}',
      '/refunds',
    ])
  })

  it('shows what check says', async () => {
    expect(await run('check')).toEqual({ code: 1, out: shown('check'), err: '' })
  })

  it('shows how a draft begins', async () => {
    const { code, out } = await run('import', 'orders.openapi.yaml', '--upstream', 'orders')
    expect(code).toBe(0)
    expect(out.startsWith(shown('draft'))).toBe(true)
  })
})
