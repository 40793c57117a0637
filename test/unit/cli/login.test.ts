/** `login`, as the commands know it: its pages are taken, and its client in the realm has to fit. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { webClient } from '../../support/login.ts'
import { runCommand } from './test-io.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'scopegate-login-'))
afterAll(() => rmSync(folder, { recursive: true }))

const write = (name: string, text: string) => writeFileSync(path.join(folder, name), text)
const run = (...args: string[]) => runCommand(args, { cwd: folder })

write(
  'scopegate.yaml',
  `version: 1
issuers: { main: { issuer: https://id.example/realms/shop, audience: shop-api } }
upstreams: { web: http://web:8080 }
login:
  publicUrl: https://shop.example.com
  client: { id: shop-web, secret: not-to-be-seen }
  scopes: [orders:read]
  keys: [{ id: k1, secret: "${'ab'.repeat(32)}" }]
routes:
  - path: /orders/**
    to: web
    session: true
    allow: [{ methods: [GET], scopes: orders:read }]
`,
)

describe('a login', () => {
  it('has its pages among the routes, for nobody else can take them', async () => {
    const { out } = await run('routes')
    expect(out).toMatch(/^\/auth\/login +GET +public: a page of the login +login-pages +the gateway itself$/m)
    const { routes } = JSON.parse((await run('routes', '--json')).out)
    expect(routes.map((route: { path: string; page?: string }) => [route.path, route.page])).toEqual([
      ['/orders/**', undefined],
      ...['login', 'callback', 'logout', 'me'].map((page) => [`/auth/${page}`, page]),
    ])
  })

  it.each([
    ['GET /auth/login?return_to=/orders', 'sends the browser to the issuer'],
    ['GET /auth/callback?code=c', 'takes what the issuer sends the browser back with'],
    ['POST /auth/logout', 'ends the session'],
    ['GET /auth/me', 'tells who is logged in'],
  ])('answers %s itself, and explain says what it does', async (request, does) => {
    const { out } = await run('explain', request, '--body', 'a=b')
    expect(out).toMatch(/^\w+ \/auth\/\w+ {2}is answered by the gateway$/m)
    expect(out).toContain(`a page of the login: ${does}`)
    expect(out).not.toContain('upstream')
    const json = JSON.parse((await run('explain', request, '--json')).out)
    expect(json).toMatchObject({ outcome: 'page', status: 200 })
    expect(json.upstream).toBeUndefined()
  })

  it('refuses other methods of its pages as any route does', async () => {
    expect((await run('explain', 'GET /auth/logout')).out).toContain('405 method_not_allowed')
  })

  it('is named where a request without a token might come with a session', async () => {
    const note = 'a session of the login would do as well'
    expect((await run('explain', 'GET /orders')).out).toContain(note)
    expect((await run('explain', 'GET /orders', '--claims', '{"scope":"orders:read"}')).out).not.toContain(note)
    expect((await run('explain', 'GET /elsewhere')).out).not.toContain(note)
  })
})

const CALLBACK = 'https://shop.example.com/auth/callback'
/** The one that browsers log in with at a real Keycloak, in the tests of sessions. */
const CLIENT = { ...webClient('https://shop.example.com'), clientId: 'shop-web' }

async function faultsOf(client: object | undefined): Promise<string[]> {
  write('realm.json', JSON.stringify({ realm: 'shop', clients: client === undefined ? [] : [client] }))
  const { out } = await run('keycloak', 'check', '--realm', 'realm.json', '--json')
  expect(out).not.toContain('not-to-be-seen')
  const { findings } = JSON.parse(out) as { findings: { code: string; severity: string; name: string }[] }
  const own = findings.filter(({ code }) => code.startsWith('login-'))
  return own.map(({ code, severity, name }) => `${severity} ${code} ${name}`)
}

describe('keycloak check, of the client of a login', () => {
  it.each<[string, object]>([
    ['as docs/sessions.md says', {}],
    ['with an address below its root', { rootUrl: 'https://shop.example.com', redirectUris: ['/auth/callback'] }],
    ['with a "*", which is another finding', { redirectUris: ['https://shop.example.com/*'] }],
    [
      'whose addresses after a logout are the redirect URIs',
      { redirectUris: [CALLBACK, 'https://shop.example.com/'], attributes: {} },
    ],
    [
      'with several addresses after a logout',
      { attributes: { 'post.logout.redirect.uris': 'https://other.example##https://shop.example.com/' } },
    ],
    ['that has the scope always', { optionalClientScopes: [], defaultClientScopes: ['orders:read'] }],
  ])('finds nothing about one %s', async (_, change) => {
    expect(await faultsOf({ ...CLIENT, ...change })).toEqual([])
  })

  it.each<[string, object | undefined]>([
    ['error login-client-missing', undefined],
    ['error login-client-missing', { ...CLIENT, enabled: false }],
    ['error login-client-public', { ...CLIENT, publicClient: true }],
    ['error login-flow-off', { ...CLIENT, standardFlowEnabled: false }],
    ['error login-redirect', { ...CLIENT, redirectUris: [`${CALLBACK}/`] }],
    ['error login-redirect', { ...CLIENT, redirectUris: ['/auth/callback'] }],
    ['error login-redirect', { ...CLIENT, redirectUris: ['http://shop.example.com/*'] }],
    ['error login-scope-unassigned', { ...CLIENT, optionalClientScopes: [] }],
    ['warning login-logout-redirect', { ...CLIENT, attributes: {} }],
    ['warning login-logout-redirect', { ...CLIENT, attributes: { 'post.logout.redirect.uris': '+' } }],
    ['warning login-logout-redirect', { ...CLIENT, attributes: { 'post.logout.redirect.uris': '-' } }],
  ])('finds %s', async (fault, client) => {
    expect(await faultsOf(client)).toEqual([`${fault} shop-web`])
  })
})
