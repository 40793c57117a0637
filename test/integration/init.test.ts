/** `scopegate init` as a process: options, answers from a pipe, somebody at a terminal. */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { expectGood, folder, inProcess, PROGRAM, read, scopegate } from '../support/init-command.ts'
import { describeWithTerminal, END, openTerminal } from '../support/pseudo-terminal.ts'
import { startEditor } from '../support/yaml-language-server.ts'

const OPTIONS = [
  '--issuer',
  'https://id.example/realms/shop',
  '--audience',
  'shop-api',
  '--upstream',
  'orders=http://orders:8080',
]

describe('scopegate init, by options', { timeout: 60_000 }, () => {
  it('writes a file that validates without a warning, and whose tests cover its lines', async () => {
    const { status, stdout, stderr } = scopegate(['init', '--yes', ...OPTIONS])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain('wrote scopegate.yaml (routes: 1, tests: 4)\n')
    expect(parse(read())).toMatchObject({
      issuers: { main: { issuer: 'https://id.example/realms/shop', audience: 'shop-api' } },
      upstreams: { orders: 'http://orders:8080' },
      routes: [{ path: '/orders/**', to: 'orders', allow: [{ scopes: 'orders:read' }, { scopes: 'orders:write' }] }],
    })
    await expectGood()
  })

  it('asks nothing with --yes, and takes what it would have proposed', async () => {
    expect(scopegate(['init', '--yes'])).toMatchObject({ status: 0, stderr: '' })
    expect(Object.keys(parse(read()).upstreams)).toEqual(['service'])
    await expectGood()
  })

  it('names the schema, which it writes as well, so that an editor checks the file at once', async () => {
    scopegate(['init', '--yes', ...OPTIONS])
    const editor = await startEditor(folder)
    expect(await editor.open('scopegate.yaml', read())).toEqual([])
    const diagnostics = await editor.open('other.yaml', `${read()}nonsense: 1\n`)
    expect(diagnostics.map(({ message }) => message)).toEqual(['Property nonsense is not allowed.'])
    await editor.close()
  })

  it('overwrites nothing without --force, neither the file nor the schema', () => {
    writeFileSync(join(folder, 'scopegate.yaml'), 'mine')
    writeFileSync(join(folder, 'scopegate.schema.json'), '{}')
    const { status, stderr } = scopegate(['init', '--yes'])
    expect([status, stderr]).toEqual([2, 'scopegate: scopegate.yaml is there already; --force overwrites it\n'])
    expect(read()).toBe('mine')
    expect(scopegate(['init', '--yes', '--force'])).toMatchObject({ status: 0 })
    expect(read()).toMatch(/^# yaml-language-server: \$schema=\.\/scopegate\.schema\.json\n/)
    expect(read('scopegate.schema.json')).toBe('{}')
  })

  it.each([
    ['an issuer that is none', ['--issuer', 'shop'], 'shop: expected an http or https URL'],
    ['an upstream without an address', ['--upstream', 'orders'], 'orders: expected an upstream as NAME=URL'],
    [
      'an upstream with a path',
      ['--upstream', 'orders=http://a/b'],
      'http://a/b: expected scheme, host and port alone',
    ],
    ['a name that is none', ['--upstream', '1=http://a'], '1: expected a name'],
    [
      'two upstreams of one name',
      ['--upstream', 'a=http://a', '--upstream', 'a=http://b'],
      'there are two upstreams called a',
    ],
    ['a realm file that is not there', ['--from-realm', 'no.json'], 'the realm file no.json does not exist'],
    ['a document that is not there', ['--from-openapi', 'no.yaml'], 'no.yaml: the document does not exist'],
  ])('refuses %s, and writes nothing', async (_, args, message) => {
    const { status, stderr } = await inProcess('init', '--yes', ...args)
    expect(status).toBe(2)
    expect(stderr).toContain(`scopegate: ${message}`)
    expect(readdirSync(folder)).toEqual([])
  })
})

describe('scopegate init, with answers from a pipe', { timeout: 60_000 }, () => {
  it('takes them in the order of its questions, and a proposal for an empty line', async () => {
    const answers = [
      'https://id.example/realms/shop',
      '',
      'orders',
      'http://orders:8080',
      'users',
      '',
      '',
      'https://shop.example',
    ]
    const { status, stderr } = scopegate(['init'], answers.map((line) => `${line}\n`).join(''))
    expect(status, stderr).toBe(0)
    expect(parse(read())).toMatchObject({
      issuers: { main: { issuer: 'https://id.example/realms/shop', audience: 'my-api' } },
      upstreams: { orders: 'http://orders:8080', users: 'http://127.0.0.1:8082' },
      cors: { pages: { origins: ['https://shop.example'] } },
    })
    await expectGood()
  })

  it('does not ask what options say', () => {
    const { status, stderr } = scopegate(['init', ...OPTIONS], '\n')
    expect([status, stderr]).toEqual([0, expect.stringMatching(/^Origin of a page [^\n]*: $/)])
  })

  it('writes nothing when they end too early', () => {
    const { status, stderr } = scopegate(['init'], 'https://id.example/realms/shop\n')
    expect(status).toBe(2)
    expect(stderr).toContain('no answer to "Audience')
    expect(readdirSync(folder)).toEqual([])
  })
})

describeWithTerminal('scopegate init, at a terminal', () => {
  it('asks, asks again what will not do, and writes the file', async () => {
    const terminal = openTerminal([...PROGRAM, 'init'], folder)
    await terminal.answer('Issuer', 'id.example')
    await terminal.answer('expected an http or https URL', 'https://id.example/realms/shop')
    await terminal.answer('Audience', 'shop-api')
    await terminal.answer('Name of a service', 'orders')
    await terminal.answer('Where orders is reached [http://127.0.0.1:8081]', '')
    await terminal.answer('Name of another one', 'orders')
    await terminal.answer('this name is taken', '')
    await terminal.answer('Origin of a page', '')
    expect(await terminal.exited).toBe(0)
    expect(terminal.screen()).toContain('https://id.example/realms/shop\r\n')
    expect(terminal.screen()).toContain('wrote scopegate.yaml')
    expect(parse(read()).upstreams).toEqual({ orders: 'http://127.0.0.1:8081' })
    await expectGood()
  })

  it('writes nothing when somebody gives up', async () => {
    const terminal = openTerminal([...PROGRAM, 'init'], folder)
    await terminal.answer('Issuer', '')
    await terminal.answer('Audience', '')
    terminal.type(END)
    expect(await terminal.exited).toBe(2)
    expect(terminal.screen()).toContain('nothing was written')
    expect(readdirSync(folder)).toEqual([])
  })
})
