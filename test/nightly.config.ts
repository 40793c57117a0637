/** `npm run test:nightly`: the properties alone, with very many cases. CASES_SEED repeats a run. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

const root = new URL('..', import.meta.url).pathname
const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
const withProperties = files.filter(
  (file) => file.endsWith('.test.ts') && readFileSync(join(root, 'test', file), 'utf8').includes('support/cases.ts'),
)
// Here and not where they are read: the workers inherit them.
process.env.CASES_SEED ??= String(Date.now() % 2 ** 31)
process.env.CASES_COUNTED ??= join(mkdtempSync(join(tmpdir(), 'cases-')), 'counted')

export default defineConfig({
  test: {
    root,
    include: withProperties.map((file) => `test/${file}`),
    testTimeout: 1_800_000,
    globalSetup: ['test/support/nightly-counts.ts'],
  },
})
