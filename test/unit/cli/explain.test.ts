import { describe, expect, it } from 'vitest'
import { dispatch } from '../../../src/cli/dispatch.ts'
import { createTestIo, runCommand } from './test-io.ts'

const cwd = new URL('../../..', import.meta.url).pathname

const explain = (...args: string[]) => runCommand(['explain', ...args], { cwd })

async function explainJson(...args: string[]) {
  const { code, out } = await explain(...args, '--json')
  return { ...JSON.parse(out), exit: code }
}

describe('scopegate explain', () => {
  it('says which condition of which line does not hold, what was seen, and what would help', async () => {
    const { code, out } = await explain(
      'GET /users/u1/orders',
      '--claims',
      '{"sub":"u2","scope":"orders:read profile"}',
    )
    expect(code).toBe(0)
    expect(out).toContain(
      'GET /users/u1/orders  403 insufficient_scope\nline 1 of /users/{userId}/orders lacks token.sub = u1\n',
    )
    expect(out).toContain('✓ scopes orders:read and profile  token has orders:read profile')
    expect(out).toContain('✗ path.userId = token.sub         token has "u2"')
    expect(out).toContain('to pass   token.sub = u1 (line 1)\n')
    expect(out).not.toContain('\u001b')
  })

  it('says what goes to the upstream, and which limits count', async () => {
    const claims = '{"sub":"u1","azp":"spa","scope":"profile orders:read"}'
    expect(await explainJson('GET /users/u1/orders?a=b', '--claims', claims)).toMatchObject({
      exit: 0,
      outcome: 'forwarded',
      status: 200,
      reason: 'line 1 of /users/{userId}/orders fits',
      upstream: {
        name: 'orders',
        path: '/internal/u1/orders?a=b',
        identity: { 'X-User-Id': 'u1', 'X-Client-Id': 'spa', 'X-Scopes': 'profile orders:read' },
      },
      limits: [
        { name: 'per-ip', counts: true },
        { name: 'per-user', counts: true },
      ],
      toPass: [],
    })
  })

  it.each([
    ['POST /order/7', '{}', 404, 'a path of /orders/** (line 28)'],
    ['DELETE /catalog/7', undefined, 405, 'the method GET'],
    ['GET /orders/7', undefined, 401, 'a token with scope orders:read (line 1)'],
    ['POST /orders', '{"scope":"profile"}', 403, 'scope orders:write (line 2)'],
    ['GET /orders', '{"aud":"account"}', 401, 'a token whose aud has shop-api'],
    [
      'GET /orders',
      '{"iss":"https://elsewhere.example"}',
      401,
      'a token whose iss is http://127.0.0.1:18080/realms/shop',
    ],
    ['GET /orders', '{"exp":1}', 401, 'a token that has not expired'],
  ])('says what would make it pass: %s %s', async (request, claims, status, way) => {
    const answer = await explainJson(request, ...(claims === undefined ? [] : ['--claims', claims]))
    expect(answer).toMatchObject({ exit: 0, status, answer: { status } })
    expect(answer.toPass[0]).toBe(way)
  })

  it('explains a target that is read in two ways', async () => {
    const { out } = await explain('GET /orders//7')
    expect(out).toContain('GET (refused)  400 invalid_target\nthe path has an empty segment ("//")\n')
  })

  it('takes fields, as for a page that asks', async () => {
    const origin = 'http://127.0.0.1:18083'
    const fields = ['-H', `Origin: ${origin}`, '-H', 'Access-Control-Request-Method: POST']
    const { outcome, status, answer } = await explainJson('OPTIONS /orders', ...fields)
    expect([outcome, status]).toEqual(['preflight', 204])
    expect(answer.headers).toContainEqual(['Access-Control-Allow-Origin', origin])
  })

  it.each([
    [['--claims', '{}']],
    [['BREW']],
    [['GET /a', '--claims', '[1]']],
    [['GET /a', '--claims', '{}', '--token', '@x']],
    [['GET /a', '--token', '@nowhere']],
    [['GET /a', '--jwks', 'nowhere']],
    [['GET /a', '-H', 'no field']],
    [['GET /a', '--curl', 'curl http://h/']],
    [['--curl', 'wget http://h/']],
  ])('exits with 2 for %j', async (args) => {
    const { code, out } = await explain(...args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
  })

  it('is coloured on a terminal, unless NO_COLOR is set', async () => {
    const paint = async (env: Record<string, string>) => {
      const io = Object.assign(createTestIo({ cwd, env }), { isTerminal: true })
      await dispatch(io, ['explain', 'GET /orders'], '1.2.3')
      return io.out
    }
    expect(await paint({})).toContain('\u001b[31m401 missing_token\u001b[0m')
    expect(await paint({ NO_COLOR: '1' })).not.toContain('\u001b')
  })
})
