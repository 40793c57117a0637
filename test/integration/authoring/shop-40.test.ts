/** A team writes the routes of a shop and breaks them: what does each command say, where, and does it name the mend? */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { dispatch } from '../../../src/cli/dispatch.ts'
import { loadConfigFile } from '../../../src/config/load.ts'
import { createTestIo } from '../../unit/cli/test-io.ts'

interface Mistake {
  readonly mistake: string
  readonly change: readonly [from: string, to: string]
  readonly command?: string
  readonly args?: readonly string[]
  readonly exit?: number
  readonly at?: string | false
  readonly says: readonly string[]
}

const FIXTURES = new URL('../../fixtures/shop-40/', import.meta.url)
const SHOP = readFileSync(new URL('scopegate.yaml', FIXTURES), 'utf8')
const MISTAKES: readonly Mistake[] = parse(readFileSync(new URL('mistakes.yaml', FIXTURES), 'utf8'))

const folder = mkdtempSync(path.join(tmpdir(), 'scopegate-shop-'))
afterAll(() => rmSync(folder, { recursive: true }))
writeFileSync(path.join(folder, 'before.yaml'), SHOP)
writeFileSync(path.join(folder, 'realm.json'), readFileSync(new URL('realm.json', FIXTURES)))

/** What stands behind the name of a command. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  validate: ['validate'],
  explain: ['explain'],
  diff: ['diff', 'before.yaml', 'scopegate.yaml'],
  'keycloak check': ['keycloak', 'check', '--realm', 'realm.json'],
}

async function run(text: string, args: readonly string[]) {
  writeFileSync(path.join(folder, 'scopegate.yaml'), text)
  const io = createTestIo({ cwd: folder })
  const code = await dispatch(io, args, '1')
  return { code, said: io.out + io.err }
}

/** From 1. */
function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

/** Of the first character that is another one. */
function changedLine(text: string): number {
  return lineAt(
    text,
    [...SHOP].findIndex((character, index) => text[index] !== character),
  )
}

describe('a shop with 40 operations', () => {
  it('has 40 operations, and nothing that validate or keycloak check would say about it', async () => {
    const { config } = loadConfigFile(new URL('scopegate.yaml', FIXTURES).pathname, {})
    const operations = (config?.routes ?? []).map(({ policy }) => {
      const all = [...(policy.public?.methods ?? []), ...policy.allow.flatMap(({ methods }) => [...methods])]
      return new Set(all.filter((method) => method !== 'HEAD')).size
    })
    expect(operations.reduce((sum, count) => sum + count, 0)).toBe(40)
    expect(await run(SHOP, ['validate', '--strict'])).toEqual({
      code: 0,
      said: 'ok: 25 routes, 5 upstreams, 1 issuer, 5 rate limits, 1 CORS policy; 1 finding accepted\n',
    })
    expect(await run(SHOP, ['keycloak', 'check', '--realm', 'realm.json', '--strict'])).toMatchObject({ code: 0 })
  })

  it('is broken in at least 30 ways', () => {
    expect(MISTAKES.length).toBeGreaterThanOrEqual(30)
  })

  it.each(MISTAKES)('$mistake: is found, with its line and what to do', async ({ change, says, ...rest }) => {
    const { command = 'validate', args = [], exit = 1, at } = rest
    const [from, to] = change
    expect(SHOP.split(from)).toHaveLength(2)
    const broken = SHOP.replace(from, () => to)
    const { code, said } = await run(broken, [...(ARGUMENTS[command] ?? []), ...args])
    expect({ code, said }).toMatchObject({ code: exit })
    for (const words of says) expect(said).toContain(words)
    if (at === false) return
    const line = at === undefined ? changedLine(broken) : lineAt(broken, broken.indexOf(at))
    expect(said).toMatch(new RegExp(`scopegate\\.yaml:${line}\\b`))
  })
})
