/** SECURITY.md, compared with the project. A defence without a test is a wish. */
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import packageFile from '../../package.json' with { type: 'json' }
import { codeSpans, markedPart, readProjectFile, tableRows } from '../support/documents.ts'

const DOCUMENT = 'SECURITY.md'
const root = new URL('../../', import.meta.url)
const threats = tableRows(markedPart(DOCUMENT, 'threats'))
const named = [...new Set(threats.flatMap(([, , tests = '']) => codeSpans(tests)))]

describe('the threats in SECURITY.md', () => {
  it('have a defence each, and tests that hold it', () => {
    expect(threats.length).toBeGreaterThan(20)
    for (const [threat, defence, tests = ''] of threats) {
      expect(defence, threat).toMatch(/\S/)
      expect(codeSpans(tests), threat).not.toEqual([])
    }
  })

  it.each(named)('are tested in a file that is there and has tests: %s', (file) => {
    expect(file).toMatch(/^test\/.*\.test\.ts$/)
    expect(existsSync(new URL(file, root)), file).toBe(true)
    expect(readFileSync(new URL(file, root), 'utf8')).toMatch(/\b(?:it|describe\w*)(?:\.each)?\(/)
  })
})

describe('the dependencies in SECURITY.md', () => {
  const rows = tableRows(markedPart(DOCUMENT, 'dependencies'))

  it('are those that are shipped, in both directions, each with its reason', () => {
    const shipped = Object.keys({ ...packageFile.dependencies, ...packageFile.optionalDependencies })
    expect(rows.map(([name]) => name?.replaceAll('`', '')).toSorted()).toEqual(shipped.toSorted())
    for (const [name, reason] of rows) expect(reason, name).toMatch(/\S/)
  })
})

it('SECURITY.md is published, and README leads to it', () => {
  expect(packageFile.files).toContain(DOCUMENT)
  expect(readProjectFile('README.md')).toContain(`](${DOCUMENT})`)
})
