/** What somebody sees who edits a route-scope file: a YAML language server with the JSON Schema, as editors run it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blocksOf, readProjectFile } from '../support/documents.ts'
import { type Editor, startEditor } from '../support/yaml-language-server.ts'

const FIRST_LINE = '# yaml-language-server: $schema=./scopegate.schema.json\n'
const FILES = [
  'scopegate.yaml',
  'examples/compose/scopegate.yaml',
  'examples/keycloak-behind/scopegate.yaml',
  'test/fixtures/config/full.yaml',
]

describe('a route-scope file in an editor', () => {
  let editor: Editor
  let documents = 0

  beforeAll(async () => {
    editor = await startEditor()
  })
  afterAll(() => editor.close())

  /** Opens the text below the line that names the schema; `|` is where the cursor stands. */
  async function open(text: string) {
    documents += 1
    const path = `draft-${documents}.yaml`
    const [before = ''] = text.split('|')
    const lines = `${FIRST_LINE}${before}`.split('\n')
    const cursor = { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 }
    const diagnostics = await editor.open(path, FIRST_LINE + text.replace('|', ''))
    return { path, cursor, diagnostics }
  }

  async function offered(text: string): Promise<Map<string, unknown>> {
    const { path, cursor } = await open(text)
    const items = await editor.complete(path, cursor)
    return new Map(items.map(({ label, documentation }) => [label, documentation]))
  }

  async function shown(text: string): Promise<string> {
    const { path, cursor } = await open(text)
    return editor.hover(path, cursor)
  }

  it('is offered the sections, with their descriptions', async () => {
    const sections = await offered('version: 1\n|\n')
    expect(sections.get('upstreams')).toBe('Where requests are forwarded')
    expect(sections.get('rateLimits')).toBe('Sliding windows, by name')
    expect([...sections.keys()]).toEqual(expect.arrayContaining(['issuers', 'cors', 'defaults', 'routes', 'tests']))
    expect([...sections.keys()]).not.toContain('version')
  })

  it('is offered the fields of a route that are not there yet', async () => {
    const fields = await offered('version: 1\nroutes:\n  - path: /orders/**\n    |\n    allow: []\n')
    expect(fields.get('to')).toBe('The upstream, by name')
    expect(fields.get('public')).toBe('No token is needed; the reason is the value')
    expect([...fields.keys()]).not.toContain('allow')
    expect([...fields.keys()]).not.toContain('scopes')
  })

  it('is offered the fields of an allow line', async () => {
    const fields = await offered('version: 1\nroutes:\n  - path: /a\n    allow:\n      - methods: [GET]\n        |\n')
    expect(fields.get('roles')).toBe('Roles the token must have; a client role is client:role')
    expect([...fields.keys()]).toEqual(expect.arrayContaining(['scopes', 'claims', 'where', 'token', 'because']))
    expect([...fields.keys()]).not.toContain('path')
  })

  it('is offered the values of a field, with what each means', async () => {
    const values = await offered('version: 1\nrateLimits:\n  per-ip:\n    when: |\n')
    expect([...values.keys()].toSorted()).toEqual(['after-auth', 'before-auth'])
    expect(values.get('before-auth')).toContain('before its token is checked')
    const methods = await offered('version: 1\nroutes:\n  - path: /a\n    methods: [|]\n')
    expect([...methods.keys()]).toEqual(expect.arrayContaining(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']))
  })

  it('is offered the examples where anything may stand', async () => {
    const keys = await offered('version: 1\nrateLimits:\n  per-user:\n    key: |\n')
    expect([...keys.keys()]).toEqual(expect.arrayContaining(['token.sub', 'client.ip']))
  })

  it('shows what a field is for, with examples and its values', async () => {
    const window = await shown('version: 1\nrateLimits:\n  per-user:\n    win|dow: 1m\n')
    expect(window).toContain('Length of the sliding window')
    expect(window).toMatch(/Example:\s+```yaml\s+1m/)
    expect(window).not.toContain('From the environment')
    const when = await shown('version: 1\nrateLimits:\n  per-user:\n    wh|en: after-auth\n')
    expect(when).toMatch(/`after-auth`: Counts requests with a good token/)
    const entry = await shown('version: 1\nrateLimits:\n  per-|user: { limit: 1, window: 1m, key: route }\n')
    expect(entry).toContain('A limit; routes say its name')
  })

  it('is told of a mistyped field at its line', async () => {
    const text = 'version: 1\nupstreams: { a: "http://a:1" }\nroutes:\n  - path: /a\n    to: a\n    alow: []\n'
    const { diagnostics } = await open(text)
    expect(diagnostics.map(({ range, message }) => [range.start.line, message])).toEqual([
      [6, 'Property alow is not allowed.'],
    ])
  })

  it.each([
    ['a unit that is none', '60min', 'expected a duration with a unit, such as 250ms, 30s, 10m, 24h or 7d'],
    ['a number without a unit', '60', 'Incorrect type. Expected "string".'],
  ])('is told of %s at its line', async (_, window, message) => {
    const routes = 'upstreams: { a: "http://a:1" }\nroutes: [{ path: /a, to: a, public: a page }]\n'
    const { diagnostics } = await open(
      `version: 1\n${routes}rateLimits:\n  x: { limit: 1, key: route, window: ${window} }\n`,
    )
    expect(diagnostics.map((found) => [found.range.start.line, found.message])).toEqual([[5, message]])
  })

  it('is told of a value that is none of those there are', async () => {
    const { diagnostics } = await open(
      'version: 1\nupstreams: { a: "http://a:1" }\nroutes: [{ path: /a, to: a, methods: GTE }]\n',
    )
    expect(diagnostics.map(({ range }) => range.start.line)).toEqual([3])
    expect(diagnostics[0]?.message).toContain('"GET"')
  })

  it.each(FILES)('has nothing marked when it is right: %s, by the schema that its first line names', async (path) => {
    const text = readProjectFile(path)
    expect(text).toMatch(/^# yaml-language-server: \$schema=(?:\.\.?\/)+scopegate\.schema\.json\n/)
    expect(await editor.open(path, text)).toEqual([])
    const wrong = await editor.open(path.replace('.yaml', '-wrong.yaml'), `${text}\nnonsense: 1\n`)
    expect(wrong.map(({ message }) => message)).toEqual(['Property nonsense is not allowed.'])
  })

  it('has nothing marked in the whole files of the documents, which name the schema, too', async () => {
    const whole = blocksOf('docs/route-scope-file.md').filter(({ text }) => /^version:/m.test(text))
    expect(whole.length).toBeGreaterThan(0)
    for (const { text } of whole) {
      expect(text.startsWith(FIRST_LINE)).toBe(true)
      const { diagnostics } = await open(text.slice(FIRST_LINE.length))
      expect(diagnostics).toEqual([])
    }
  })
})
