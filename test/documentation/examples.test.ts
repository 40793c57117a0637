/** Every YAML block of the documents is a route-scope file, or a part of one. */
import { describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { lint } from '../../src/authoring/lint/lint.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Problem } from '../../src/config/problem.ts'
import { type Block, blocksOf, DOCUMENTS, readProjectFile } from '../support/documents.ts'

type Mapping = Record<string, unknown>

/** 32 bytes. */
const KEY = Buffer.alloc(32).toString('base64')
const env = { REDIS_URL: 'redis://redis:6379', SHOP_WEB_SECRET: 'a secret', SESSION_KEY: KEY }
const base: Mapping = parse(readProjectFile('scopegate.yaml'))
const blocks = DOCUMENTS.flatMap((document) => blocksOf(document)).filter(({ language }) => language === 'yaml')
const name = ({ document, line }: Block) => `${document}:${line}`

/** Findings of a part alone, and the one that the text beside it is about. */
const OF_PARTS = ['unused', 'accept-unused', 'workers-without-redis']

/** Files that a block names cannot be there. Secrets are anything; a certificate cannot be made up. */
function load(text: string): { problems: readonly Problem[]; odd: string[]; missing: string[] } {
  const missing: string[] = []
  const readFile = (path: string): string => {
    if (path.startsWith('secrets/session-key')) return KEY
    if (path.startsWith('secrets/')) return 'a secret'
    if (path.startsWith('schemas/')) return '{}'
    if (/^orders[-.]openapi\.yaml$/.test(path))
      return stringify({ openapi: '3.1.0', paths: { '/returns': { post: {} } } })
    missing.push(path)
    throw new Error('does not exist')
  }
  const result = loadConfig({ text, file: 'example.yaml', env, readFile, now: 0 })
  const { problems = [] } = result
  const findings = result.config === undefined ? [] : lint(result, 'example.yaml', env)
  const odd = findings.filter(({ code, accepted }) => accepted === undefined && !OF_PARTS.includes(code))
  const isOther = ({ message }: Problem) => !message.endsWith('does not exist')
  return { problems: problems.filter(isOther), odd: odd.map(({ path, message }) => `${path}: ${message}`), missing }
}

/** A list is routes. Names are added to those of the example file, and everything else takes its place. */
function merge(part: unknown): Mapping {
  if (Array.isArray(part)) return { ...base, routes: part }
  const sections = Object.entries(part as Mapping).map(([section, value]) => {
    const isNamed = ['issuers', 'upstreams', 'rateLimits', 'cors'].includes(section)
    return [section, isNamed ? { ...(base[section] as Mapping), ...(value as Mapping) } : value]
  })
  return { ...base, ...Object.fromEntries(sections) }
}

describe('the YAML of the documents', () => {
  it('is there', () => {
    expect(blocks.length).toBeGreaterThan(10)
  })

  it.each(blocks.map((block) => [name(block), block] as const))('loads, and lint finds nothing: %s', (_, { text }) => {
    const content: unknown = parse(text)
    const isWhole = content !== null && typeof content === 'object' && 'version' in content
    const { problems, odd, missing } = load(isWhole ? text : stringify(merge(content)))
    expect(problems).toEqual([])
    expect(odd).toEqual([])
    expect(missing).toEqual(/^ *tls:/m.test(text) ? ['tls/tls.crt', 'tls/tls.key'] : [])
  })

  it('shows scopegate.yaml as it is, and all of its sections', () => {
    const file = readProjectFile('scopegate.yaml')
    const pieces = blocks.filter(({ section }) => section === 'The route-scope file').map(({ text }) => text)
    for (const piece of pieces) expect(file).toContain(piece)
    const shown = pieces
      .flatMap((piece) => parse(piece))
      .flatMap((piece) => (piece.path ? 'routes' : Object.keys(piece)))
    expect(new Set([...shown, 'version', 'listen'])).toEqual(new Set(Object.keys(base)))
    const routes = pieces.flatMap((piece) => parse(piece)).filter(({ path }) => path !== undefined)
    expect(routes).toEqual(base.routes)
  })
})
