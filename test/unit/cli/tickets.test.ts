/** Tickets, as the commands know them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { runCommand } from './test-io.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'scopegate-tickets-'))
afterAll(() => rmSync(folder, { recursive: true }))

const run = (...args: string[]) => runCommand(args, { cwd: folder })

writeFileSync(
  path.join(folder, 'scopegate.yaml'),
  `version: 1
issuers: { main: { issuer: https://id.example/realms/shop, audience: shop-api } }
upstreams: { app: http://app:8080 }
routes:
  - { path: /chat, to: app, websocket: true, tokenFrom: [ticket, subprotocol], allow: [{ methods: [GET], scopes: chat }] }
  - { path: /plain, to: app, allow: [{ methods: [GET], scopes: chat }] }
`,
)
const CHAT = ['--claims', '{"scope":"chat"}']

describe('tickets', () => {
  it('have their page among the routes, and the places of tokens at theirs', async () => {
    expect((await run('routes')).out).toMatch(
      /^\/\.gateway\/ticket +POST +any valid token +tickets-by-address, tickets-by-subject/m,
    )
    const { routes } = JSON.parse((await run('routes', '--json')).out)
    const places = routes.map(({ path: of, tokenFrom, page }: Record<string, unknown>) => [of, tokenFrom, page])
    expect(places).toEqual([
      ['/chat', ['ticket', 'subprotocol'], undefined],
      ['/plain', undefined, undefined],
      ['/.gateway/ticket', undefined, 'ticket'],
    ])
  })

  it('have a page that explain knows', async () => {
    const { out } = await run('explain', 'POST /.gateway/ticket', ...CHAT)
    expect(out).toContain('POST /.gateway/ticket  is answered by the gateway')
    expect(out).toContain('gives a page a ticket in place of its token')
    expect((await run('explain', 'POST /.gateway/ticket')).out).toContain('401 missing_token')
    expect((await run('explain', 'GET /.gateway/ticket', ...CHAT)).out).toContain('405 method_not_allowed')
  })

  it('are named where a request without a token might come with one', async () => {
    const { out } = await run('explain', 'GET /chat')
    expect(out).toContain('a ticket in the query of a GET would do as well')
    expect(out).toContain('the subprotocol behind "bearer"')
    expect((await run('explain', 'GET /plain')).out).not.toContain('ticket')
    expect((await run('explain', 'GET /chat', ...CHAT)).out).not.toContain('ticket')
  })

  it('are refused beside a token', async () => {
    const { out } = await run('explain', 'GET /chat?ticket=not-to-be-seen', ...CHAT, '--json')
    expect(JSON.parse(out)).toMatchObject({ status: 400, code: 'invalid_request' })
  })

  it('are a change that diff shows', async () => {
    const before = path.join(folder, 'before.yaml')
    writeFileSync(
      before,
      readFileSync(path.join(folder, 'scopegate.yaml'), 'utf8').replace('[ticket, subprotocol]', '[ticket]'),
    )
    expect((await run('diff', 'before.yaml', 'scopegate.yaml')).out).toContain('tokenFrom')
  })
})
