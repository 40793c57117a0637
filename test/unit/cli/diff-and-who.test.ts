import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { policyFile } from '../../support/policy-file.ts'
import { runCommand } from './test-io.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'scopegate-diff-'))
afterAll(() => rmSync(folder, { recursive: true }))

const write = (name: string, routes: unknown) => writeFileSync(path.join(folder, name), policyFile({ routes }))
const read = { methods: ['GET'], scopes: 'orders:read' }

const run = (...args: string[]) => runCommand(args, { cwd: folder })

beforeAll(() => {
  write('old.yaml', [{ path: '/orders/**', to: 'orders', allow: [read] }])
  write('new.yaml', [{ path: '/orders/**', to: 'orders', allow: [read, { methods: ['POST'], roles: 'a|b' }] }])
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t.example', ...args], { cwd: folder })
  git('init', '-q')
  git('add', 'old.yaml')
  git('commit', '-qm', 'old')
})

describe('scopegate diff', () => {
  it('exits with 1 when more is allowed, and shows for whom, with an example', async () => {
    const { code, out } = await run('diff', 'old.yaml', 'new.yaml')
    expect(code).toBe(1)
    expect(out).toBe(`Newly allowed
  + POST /orders/**: role a|b  new.yaml:15
    for example POST /orders with {"realm_access":{"roles":["a|b"]}}

More may pass than before.
`)
  })

  it('exits with 0 when less is allowed, or nothing changes', async () => {
    const { code, out } = await run('diff', 'new.yaml', 'old.yaml')
    expect(code).toBe(0)
    expect(out).toContain('Newly denied\n  - POST /orders/**: role a|b  new.yaml:15\n')
    expect(await run('diff', 'old.yaml', 'old.yaml')).toEqual({
      code: 0,
      out: 'Nothing more may pass than before.\n',
      err: '',
    })
  })

  it('reads a file as it was in a commit', async () => {
    expect((await run('diff', 'git:HEAD:old.yaml', 'old.yaml')).code).toBe(0)
    expect((await run('diff', 'git:HEAD:old.yaml', 'new.yaml')).code).toBe(1)
    expect((await run('diff', 'git:HEAD:new.yaml', 'new.yaml')).code).toBe(2)
    expect((await run('diff', 'git:--help:new.yaml', 'new.yaml')).code).toBe(2)
  })

  it('writes tables that no text of the file can break', async () => {
    const { out } = await run('diff', 'old.yaml', 'new.yaml', '--markdown')
    expect(out).toContain('### Newly allowed\n')
    expect(out).toContain('| `POST` | `/orders/**` | `role a\\|b` |')
  })

  it('prints the same as JSON', async () => {
    const { out } = await run('diff', 'old.yaml', 'new.yaml', '--json')
    expect(JSON.parse(out)).toMatchObject({
      widens: true,
      newlyAllowed: [{ who: 'role a|b', methods: ['POST'] }],
      newlyDenied: [],
    })
  })

  it.each([[[]], [['old.yaml']], [['old.yaml', 'new.yaml', 'more.yaml']], [['old.yaml', 'absent.yaml']]])(
    'exits with 2 for %j',
    async (args) => {
      expect((await run('diff', ...args)).code).toBe(2)
    },
  )
})

describe('scopegate who', () => {
  const who = (...args: string[]) => run('who', '-c', 'who.yaml', ...args)
  beforeAll(() => {
    const own = { methods: ['GET'], scopes: { all: ['a', 'b'] }, where: { 'path.id': 'token.sub' } }
    const staff = { methods: ['GET'], roles: 'staff', because: 'staff only' }
    write('who.yaml', [
      { path: '/users/{id}', to: 'orders', allow: [own, staff] },
      { path: '/open', to: 'orders', methods: ['GET'], public: 'open to all' },
    ])
  })

  it('lists the lines that open a request, with its own values', async () => {
    expect(await who('GET /users/u1')).toEqual({
      code: 0,
      err: '',
      out: '/users/{id}  who.yaml:9\n  scopes a and b; token.sub is u1  line 1, who.yaml:12\n  role staff  line 2, who.yaml:20  “staff only”\n',
    })
    expect((await who('GET', '/open')).out).toContain('  anybody, without a token: open to all\n')
  })

  it('says that nobody may, and exits with 1', async () => {
    expect(await who('DELETE /users/u1')).toMatchObject({
      code: 1,
      out: expect.stringContaining('nobody: the route has no line for DELETE'),
    })
    expect(await who('GET /user/u1')).toMatchObject({
      code: 1,
      out: 'nobody: no route has this path; did you mean /users/{id}?\n',
    })
    expect((await who('GET /users//u1')).code).toBe(2)
  })

  it('prints the same as JSON', async () => {
    expect(JSON.parse((await who('GET /users/u1', '--json')).out)).toMatchObject({
      route: { path: '/users/{id}' },
      access: [
        { line: 1, who: 'scopes a and b; token.sub is u1' },
        { line: 2, because: 'staff only' },
      ],
      issuers: [{ name: 'main', issuer: 'https://id.example/realms/shop' }],
    })
  })
})

describe('scopegate routes', () => {
  it('is a table of Markdown, or a flowchart', async () => {
    const { out } = await run('routes', '-c', 'new.yaml', '--markdown')
    expect(out).toBe(`| path | methods | who may | limits | upstream |
|---|---|---|---|---|
| /orders/\\*\\* | GET, HEAD | scope orders:read | - | orders |
|  | POST | role a\\|b |  |  |
`)
    const chart = (await run('routes', '-c', 'new.yaml', '--mermaid')).out
    expect(chart).toContain('flowchart LR\n  who0(["scope orders:read"])\n')
    expect(chart).toContain('  who0 -- "GET, HEAD" --> route0\n')
    expect((await run('routes', '-c', 'new.yaml', '--mermaid', '--json')).code).toBe(2)
  })
})
