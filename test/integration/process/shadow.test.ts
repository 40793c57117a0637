/** A gateway in report mode records what would be denied, and `scopegate shadow` sums it up. */
import { appendFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { spawnGateway } from '../../support/gateway-process.ts'
import { closingAfterEach } from '../../support/keep.ts'
import { request } from '../../support/raw-http.ts'
import { createTestIssuer } from '../../support/test-issuer.ts'
import { startUpstream } from '../../support/upstream.ts'
import { runCommand } from '../../unit/cli/test-io.ts'

const keep = closingAfterEach()
const get = { methods: ['GET'] }

async function record(lines: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'scopegate-'))
  keep({ close: () => rm(folder, { recursive: true }) })
  const file = join(folder, 'decisions.ndjson')
  const issuer = keep(await createTestIssuer())
  const upstream = keep(await startUpstream())
  const gateway = await spawnGateway({
    issuers: { main: { issuer: issuer.issuer, audience: 'shop-api' } },
    upstreams: { up: upstream.url },
    routes: [
      { path: '/new', to: 'up', mode: 'report', allow: [{ ...get, scopes: { all: ['a', 'b'] } }] },
      {
        ...{ path: '/old', to: 'up', allow: [{ ...get, scopes: 'a' }] },
        candidate: [{ ...get, scopes: 'b' }],
      },
      { path: '/plain', to: 'up', allow: [{ ...get, scopes: 'a' }] },
    ],
    decisions: { file },
  })
  const tokens = new Map(
    await Promise.all(
      ['a', 'b', 'a b'].map(async (scope) => [scope, await issuer.mint({ azp: `client ${scope}`, scope })] as const),
    ),
  )
  for (const line of lines) {
    const [path, scope = ''] = line.split(/ (.*)/)
    const token = tokens.get(scope)
    await request(gateway.url, [
      `GET ${path} HTTP/1.1`,
      ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
    ])
  }
  await gateway.stop()
  return { folder, file }
}

async function run(cwd: string, ...args: string[]) {
  const { code, out } = await runCommand(args, { cwd })
  return { code, out: out.replaceAll(/\d{4}-\d\d-\d\dT\S+Z/g, 'TIME') }
}

describe('scopegate shadow', () => {
  it('says who would be denied, for want of which scopes', async () => {
    const { folder } = await record(['/new a', '/new a', '/new a b', '/old a', '/old b', '/new', '/plain b'])
    expect(await run(folder, 'shadow', '--from', 'decisions.ndjson')).toEqual({
      code: 1,
      out: `/new  3 requests, TIME to TIME
  client a: 2 requests, lacks b
  2 would-be denials in less than an hour: not safe to enforce

/old  2 requests, TIME to TIME
  client a: 1 request, lacks b
  1 request more would be let through
  1 would-be denial in less than an hour: not safe to enforce

`,
    })
  })

  it('says that it is safe only when nobody would be denied and no line is missing', async () => {
    const { folder, file } = await record(['/new a b', '/plain b'])
    const shadow = () => run(folder, 'shadow', '--from', 'decisions.ndjson')
    expect(await shadow()).toEqual({
      code: 0,
      out: '/new  1 request, TIME to TIME\n  0 would-be denials in less than an hour: safe to enforce\n\n',
    })
    appendFileSync(file, 'half a line')
    const { code, out } = await shadow()
    expect({ code, out }).toMatchObject({ code: 1, out: expect.stringContaining('not known, lines are missing') })
  })

  it('does not take nothing for safe', async () => {
    const { folder } = await record(['/plain a'])
    const { code, out } = await run(folder, 'shadow', '--from', 'decisions.ndjson')
    expect({ code, out }).toEqual({ code: 1, out: 'no request on a route in report mode was recorded\n' })
  })
})
