/** What `scopegate keycloak` says of a realm that it cannot have, and that a fault of its own is no such thing. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { dispatch } from '../../../src/cli/dispatch.ts'
import { closingAfterEach } from '../../support/keep.ts'
import { policyFile } from '../../support/policy-file.ts'
import { createTestIo, runCommand } from '../../unit/cli/test-io.ts'

const keep = closingAfterEach()
const folder = mkdtempSync(path.join(tmpdir(), 'scopegate-realm-'))
afterAll(() => rmSync(folder, { recursive: true }))

const routes = [{ path: '/orders', to: 'orders', allow: [{ methods: ['GET'], scopes: 'orders:read' }] }]
writeFileSync(path.join(folder, 'scopegate.yaml'), policyFile({ routes }))
writeFileSync(path.join(folder, 'realm.json'), JSON.stringify({ realm: 'shop' }))

const REALM = '/admin/realms/shop'
type Answers = Readonly<Record<string, unknown>>

/** What a Keycloak answers whose realm has one client; a text is sent as it is, a number is a status. */
const GOOD: Answers = {
  '/realms/shop/protocol/openid-connect/token': { access_token: 'token' },
  [REALM]: { realm: 'shop' },
  [`${REALM}/clients`]: [{ id: 'c1', clientId: 'spa' }],
  [`${REALM}/client-scopes`]: [],
  [`${REALM}/roles`]: [],
  [`${REALM}/keys`]: { keys: [] },
  [`${REALM}/clients/c1/roles`]: [],
}

async function answering(answers: Answers) {
  const server = createServer(({ url = '' }, response) => {
    const answer = answers[url.split('?')[0] ?? ''] ?? 404
    response.statusCode = typeof answer === 'number' ? answer : 200
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return keep({
    url,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  })
}

const check = (args: readonly string[], env: Record<string, string> = {}) =>
  runCommand(['keycloak', 'check', ...args], { cwd: folder, env })

const SECRET = { KEYCLOAK_CLIENT_ID: 'reader', KEYCLOAK_CLIENT_SECRET: 'hidden-value' }

describe('scopegate keycloak, when the realm cannot be read', () => {
  it.each([
    ['refuses the credentials', { '/realms/shop/protocol/openid-connect/token': 401 }, 'refuses the credentials: 401'],
    ['does not let them read', { [`${REALM}/clients`]: 403 }, 'they need the roles view-realm and view-clients'],
    ['answers with a page', { [`${REALM}/roles`]: '<html>' }, `${REALM}/roles?max=10000 does not answer with JSON`],
    ['answers with an error', { [`${REALM}/keys`]: 500 }, `${REALM}/keys answers 500`],
    ['has clients that are no list', { [`${REALM}/clients`]: {} }, 'not a Keycloak realm: clients'],
    ['has a client that is nothing', { [`${REALM}/clients`]: [null] }, 'not a Keycloak realm: clients.0'],
    ['has keys that are no list', { [`${REALM}/keys`]: { keys: 1 } }, 'the keys of the realm cannot be read'],
    [
      'has a certificate that is none',
      { [`${REALM}/keys`]: { keys: [{ algorithm: 'RS256', use: 'SIG', status: 'ACTIVE', certificate: 'AAAA' }] } },
      "the certificate of the realm's RS256 key cannot be read",
    ],
  ])('exits with 2 and a sentence when Keycloak %s', async (_, answers, message) => {
    const { url } = await answering({ ...GOOD, ...answers })
    const { code, out, err } = await check(['--url', url], SECRET)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(/^scopegate: [^\n]+\n$/)
    expect(err).toContain(message)
    expect(err).not.toContain('hidden-value')
  })

  it('reads the realm when nothing of this is so', async () => {
    const { url } = await answering(GOOD)
    const { code, out, err } = await check(['--url', url], SECRET)
    expect({ code, err }).toEqual({ code: 1, err: '' })
    expect(out).toContain('realm shop, ')
  })

  it('exits with 2 and a sentence for a file that is missing, no JSON or no realm, and without credentials', async () => {
    writeFileSync(path.join(folder, 'broken.json'), '{')
    writeFileSync(path.join(folder, 'list.json'), '[]')
    expect(await check(['--realm', 'nowhere.json'])).toMatchObject({ code: 2, err: expect.stringContaining('read') })
    expect(await check(['--realm', 'broken.json'])).toMatchObject({ code: 2, err: expect.stringContaining('not JSON') })
    expect(await check(['--realm', 'list.json'])).toMatchObject({ code: 2, err: expect.stringContaining('not a Key') })
    expect(await check([])).toMatchObject({ code: 2, err: expect.stringContaining('KEYCLOAK_CLIENT_ID') })
  })

  it('takes an address that is none for wrong usage', async () => {
    const { code, err } = await check(['--url', 'keycloak'], SECRET)
    expect(code).toBe(2)
    expect(err).toContain('--url and KEYCLOAK_URL are http or https')
  })

  it('lets a fault of its own through, which the process prints with its place in the program', async () => {
    const io = createTestIo({ cwd: folder })
    const stdout = () => {
      throw new TypeError('a fault')
    }
    const run = dispatch({ ...io, stdout }, ['keycloak', 'check', '--realm', 'realm.json'], '1')
    await expect(run).rejects.toThrow(TypeError)
    expect(io.err).toBe('')
  })
})
