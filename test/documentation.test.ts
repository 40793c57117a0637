/** What the documents promise, compared with the program. A document that nobody checks rots. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import packageFile from '../package.json' with { type: 'json' }
import { referencePage, settingsTable } from '../src/authoring/reference-page.ts'
import { dispatch } from '../src/cli/dispatch.ts'
import { examples } from '../src/dev/try-it.ts'
import { ERRORS, INVALID_TOKEN_REASONS } from '../src/errors.ts'
import { corsHeaders } from '../src/http/cors.ts'
import {
  anchorsOf,
  blocksOf,
  codeSpans,
  DOCUMENTS,
  markedPart,
  proseOf,
  readProjectFile,
  sectionOf,
  tableRows,
} from './support/documents.ts'
import { createTestIo } from './unit/cli/test-io.ts'

const root = new URL('..', import.meta.url).pathname

/** Runs a command as the process would, at the top of the project. */
async function run(args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const io = createTestIo({ cwd: root })
  const code = await dispatch(io, args, packageFile.version)
  return { code, out: io.out, err: io.err }
}

describe('the answers in README', () => {
  const rows = tableRows(markedPart('README.md', 'answers'))

  it('are the codes and statuses of errors.ts, in both directions', () => {
    const documented = rows.map(([code = '', status]) => [code.replaceAll('`', ''), Number(status)])
    const thrown = Object.entries(ERRORS).map(([code, { status }]) => [code, status])
    expect(documented).toEqual(thrown)
  })

  it('say what each means and what to do', () => {
    for (const row of rows) expect(row).toEqual(Array.from({ length: 4 }, () => expect.stringMatching(/\S/)))
  })

  it('are the reasons and texts of refused tokens', () => {
    const documented = tableRows(markedPart('README.md', 'token-reasons'))
    expect(documented).toEqual(Object.entries(INVALID_TOKEN_REASONS).map(([reason, text]) => [`\`${reason}\``, text]))
  })

  it('have all their statuses in the drawing of the path, and no others', () => {
    const [drawing] = blocksOf('README.md').filter(({ section }) => section === 'The path of a request')
    const drawn = [...(drawing?.text ?? '').matchAll(/\b[45]\d\d\b/g)].map(([status]) => Number(status))
    const known = Object.values(ERRORS).map(({ status }) => status)
    expect([...new Set(drawn)].toSorted()).toEqual([...new Set(known)].toSorted())
  })
})

describe('the fields that a page may read, in README', () => {
  it('are those that CORS exposes', () => {
    const policy = {
      name: 'spa',
      origins: new Set(['https://a.example']),
      credentials: false,
      maxAgeSeconds: 0,
      expose: [],
    }
    const fields = corsHeaders(policy, 'https://a.example')
    const exposed = fields[fields.indexOf('Access-Control-Expose-Headers') + 1]
    expect(codeSpans(markedPart('README.md', 'exposed-fields'))).toEqual(exposed?.split(', '))
  })
})

describe('the commands in README', () => {
  const lines = [...blocksOf('README.md'), ...blocksOf('docs/production.md')]
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.split('\n'))
  const usage = /^ {2}([a-z]+) +(.+)$/gm

  it('are those that exist, with their summaries', async () => {
    const { out } = await run(['help'])
    const known = [...out.matchAll(usage)].map(([, name, summary]) => [`\`scopegate ${name}\``, summary])
    const documented = tableRows(sectionOf('README.md', '## Commands')).map(([name, summary]) => [name, summary])
    expect(documented).toEqual(known)
  })

  it.each(lines.filter((line) => line.startsWith('npm ')))('runs a script that exists: %s', (line) => {
    const [, name = ''] = /^npm (?:run )?([\w:-]+)/.exec(line) ?? []
    expect(Object.keys(packageFile.scripts)).toContain(name)
  })

  it.each(toCalls(lines))('knows the command and the options of: scopegate %s', async (call) => {
    const [name = '', ...rest] = call.split(' ')
    expect(await run([name, '--help'])).toMatchObject({ code: 0, err: '' })
    const own = [name, `${name}-arguments`]
      .map((file) => `src/cli/${file}.ts`)
      .filter((file) => existsSync(join(root, file)))
    const source = [...own, 'src/cli/arguments.ts'].map(readProjectFile).join('')
    for (const option of rest.filter((word) => word.startsWith('--'))) {
      expect(source).toMatch(new RegExp(`(^|[\\s{'])${option.slice(2)}'?: \\{ type`, 'm'))
    }
  })

  it.each(['validate', 'routes', 'test', 'explain', 'who'])('prints what is shown for %s', async (name) => {
    const blocks = blocksOf('README.md')
    const at = blocks.findIndex(({ text }) => text.split(' ')[4] === name && text.startsWith('npm run scopegate -- '))
    const [, ...args] = [...(blocks[at]?.text ?? '').slice(21).matchAll(/'([^']*)'|(\S+)/g)].map(
      ([, a, b]) => a ?? b ?? '',
    )
    expect(await run([name, ...args])).toEqual({ code: 0, out: `${blocks[at + 1]?.text}\n`, err: '' })
  })

  it('has the exit codes it names', async () => {
    expect((await run(['validate', '-c', 'nowhere.yaml'])).code).toBe(2)
    expect((await run(['routes', '-c', 'nowhere.yaml'])).code).toBe(2)
    expect((await run(['validate', '-c', 'docker-compose.yml'])).code).toBe(1)
    expect((await run(['routes', '-c', 'docker-compose.yml'])).code).toBe(1)
    expect((await run(['dev', '--bogus'])).code).toBe(2)
  })
})

/** Command lines of scopegate, in each way the documents write them; `npm start` is `scopegate dev`. */
function toCalls(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const start = /^npm start(?: --)?(.*)$/.exec(line)?.[1]
    if (start !== undefined) return `dev${start}`
    return /^(?:npm run scopegate --|node dist\/main\.js|node src\/main\.ts|scopegate) (.*)$/.exec(line)?.[1] ?? []
  })
}

describe('the lines to try, in README', () => {
  const addresses = {
    gateway: 'http://127.0.0.1:8080',
    admin: 'http://127.0.0.1:9090',
    issuer: 'http://127.0.0.1:18080/realms/shop',
  }
  const printed = examples(addresses, JSON.parse(readProjectFile('keycloak-realm.json')))

  it('are those that `npm start` prints', () => {
    const [block] = blocksOf('README.md').filter(({ section }) => section === 'Try it')
    expect(block?.text).toBe(printed.map(({ shows, command }) => `# ${shows}\n${command}`).join('\n\n'))
  })

  it('are the only calls with curl, for those are the ones that are run', () => {
    const commands = printed.map(({ command }) => command)
    const lines = DOCUMENTS.flatMap((document) => blocksOf(document)).flatMap(({ text }) => text.split('\n'))
    const others = lines.filter((line) => /\bcurl\b/.test(line) && !commands.includes(line))
    expect(others).toEqual([])
  })

  it('use the ports that the command has by default', () => {
    const source = readProjectFile('src/cli/dev.ts')
    expect(source).toMatch(/'issuer-port': \{ type: 'string', default: '18080' \}/)
    expect(parse(readProjectFile('scopegate.yaml')).listen.port).toBe(8080)
  })
})

describe('the settings that documents name', () => {
  const reference = tableFields(referencePage(''))
  const groups = new Set(
    reference.flatMap((field) => field.split('.').map((_, i, all) => all.slice(0, i + 1).join('.'))),
  )

  it('are up to date in the table of README: `npm run docs` writes it', () => {
    expect(markedPart('README.md', 'settings')).toBe(settingsTable())
  })

  it.each(DOCUMENTS.filter((document) => document !== 'docs/route-scope-file.md'))('exist: %s', (document) => {
    const sections = new Set(reference.map((field) => field.split(/[.[]/)[0]))
    const named = codeSpans(proseOf(document)).filter((code) => {
      const [, section = ''] = /^([a-zA-Z]+)(?:\[\])?\.[\w.<>[\]]+$/.exec(code) ?? []
      return sections.has(section)
    })
    for (const name of named) expect(groups).toContain(name)
  })
})

function tableFields(text: string): string[] {
  return [...text.matchAll(/^\| `([^`]+)` \|/gm)].map(([, field = '']) => field)
}

describe('the patience with Redis that documents name', () => {
  it('is that of the guard', () => {
    const guard = readProjectFile('src/rate-limiting/guarded-rate-limiter.ts')
    expect(guard).toContain('deadlineMs = 20, failuresToOpen = 5, probeEveryMs = 250')
    const readme = readProjectFile('README.md')
    expect(readme).toContain('Each check has 20 ms')
    expect(readme).toContain('After five failures in a row')
    expect(readme).toContain('four times a second')
    expect(readProjectFile('docs/production.md')).toContain('waits 20 ms for a check')
    expect(readProjectFile('docs/decisions.md')).toContain('no answer within 20 ms')
  })
})

describe('the links', () => {
  it.each(DOCUMENTS)('lead somewhere: %s', (document) => {
    const links = [...proseOf(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
    for (const link of links.filter((it) => !/^https?:/.test(it))) {
      const [file = '', anchor] = link.split('#')
      const target = file === '' ? document : join(dirname(document), file)
      expect(existsSync(join(root, target)), `${document}: ${link}`).toBe(true)
      if (anchor !== undefined) expect(anchorsOf(target)).toContain(anchor)
    }
  })
})
