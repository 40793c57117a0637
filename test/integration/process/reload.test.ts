import { describe, expect, it } from 'vitest'
import { readConfigStatus } from '../../support/config-status.ts'
import { startGateway, type TestGateway } from '../../support/gateway.ts'
import { closingAfterEach } from '../../support/keep.ts'
import { request } from '../../support/raw-http.ts'
import { createTestIssuer } from '../../support/test-issuer.ts'
import { answering, startRawUpstream, startUpstream } from '../../support/upstream.ts'
import { waitFor } from '../../support/wait-for.ts'

const keep = closingAfterEach()
const get = (url: string, path: string, ...fields: string[]) => request(url, [`GET ${path} HTTP/1.1`, ...fields])
const metric = async (gateway: TestGateway, name: string) =>
  (await get(gateway.adminUrl, '/metrics')).body
    .split('\n')
    .find((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
const isFine = async (gateway: TestGateway) =>
  (await metric(gateway, 'scopegate_config_last_reload_successful')) === 'scopegate_config_last_reload_successful 1'

/** The upstream and the answer's own field both name the version of the file. */
async function start() {
  const [a, b] = await Promise.all(
    ['a', 'b'].map(async (name) =>
      keep(await startUpstream((incoming, outgoing) => void outgoing.end(`${name} ${incoming.headers['x-version']}`))),
    ),
  )
  const issuer = keep(await createTestIssuer())
  const file = (version: 'a' | 'b', rest: Record<string, unknown> = {}) => ({
    issuers: { main: { issuer: issuer.issuer, audience: 'shop-api' } },
    upstreams: { up: (version === 'a' ? a : b)?.url },
    rateLimits: { few: { limit: 3, window: '1h', key: 'token.sub' } },
    identity: { headers: { 'X-Version': `version_${version}` } },
    defaults: { issuer: 'main' },
    routes: [
      { path: '/orders', to: 'up', allow: [{ methods: 'any', token: 'any' }] },
      { path: '/few', to: 'up', rateLimits: ['few'], allow: [{ methods: 'any', token: 'any' }] },
    ],
    ...rest,
  })
  const gateway = keep(await startGateway(file('a')))
  const token = `Authorization: Bearer ${await issuer.mint({ version_a: 'a', version_b: 'b' })}`
  return { gateway, file, token, issuer }
}

describe('a new file', () => {
  it('is put in force without a failed request, and every answer is of one file', async () => {
    const { gateway, file, token } = await start()
    const bodies = new Set<string>()
    let running = true
    const load = Array.from({ length: 8 }, async () => {
      while (running) {
        const answer = await get(gateway.url, '/orders', token)
        bodies.add(`${answer.status} ${answer.body}`)
      }
    })
    for (const version of ['b', 'a', 'b', 'a', 'b'] as const) {
      const before = (await readConfigStatus(gateway)).digest
      await gateway.rewrite(file(version))
      await waitFor('the reload', async () => (await readConfigStatus(gateway)).digest !== before)
      await gateway.reload()
    }
    running = false
    await Promise.all(load)
    expect([...bodies].toSorted()).toEqual(['200 a a', '200 b b'])
    expect((await get(gateway.url, '/orders', token)).body).toBe('b b')
  })

  it('that is bad changes nothing, and says why until it is put right', async () => {
    const { gateway, file, token } = await start()
    const good = await readConfigStatus(gateway)
    await gateway.rewrite({ ...file('b'), upstreems: {} })
    const { lastRefusal, digest } = await waitFor('the refusal', async () => {
      const now = await readConfigStatus(gateway)
      return now.lastRefusal === undefined ? undefined : now
    })
    expect(digest).toBe(good.digest)
    const [problem] = lastRefusal?.problems ?? []
    expect(problem?.text).toMatch(/scopegate\.yaml:\d+:\d+.*\n?.*upstreems/)
    expect(problem?.text).toContain(`:${problem?.line}:${problem?.column}: `)
    expect(problem?.text).toContain('did you mean')
    expect(await isFine(gateway)).toBe(false)
    expect(await metric(gateway, 'scopegate_config_reloads_total{result="refused"}')).toMatch(/ 1$/)
    await waitFor('the log', () => gateway.logs().some(({ level, problems }) => level === 'error' && problems))
    expect((await get(gateway.url, '/orders', token)).body).toBe('a a')
    // Back to the very text that is in force.
    await gateway.rewrite(file('a'))
    await waitFor('the refusal to end', async () => (await readConfigStatus(gateway)).lastRefusal === undefined)
    expect(await isFine(gateway)).toBe(true)
    expect((await readConfigStatus(gateway)).digest).toBe(good.digest)
  })

  it.each([
    ['listen', { listen: { host: '127.0.0.1', port: 1 } }, 'listen'],
    ['admin', { admin: { port: 1 } }, 'admin'],
    ['redis', { redis: { url: 'redis://user:s3cret-pass@127.0.0.1:1' } }, 'redis'],
    ['a limit of the listener', { limits: { connections: 7, headers: '8KiB' } }, 'limits.headers, limits.connections'],
  ])('that changes %s is refused with its name', async (_, change, names) => {
    const { gateway, file } = await start()
    await gateway.rewrite(file('b', change))
    await gateway.reload()
    const now = await readConfigStatus(gateway)
    expect(now.lastRefusal?.problems.map(({ text }) => text)).toEqual([`needs a restart: ${names}`])
    expect(await isFine(gateway)).toBe(false)
    expect(gateway.logText() + JSON.stringify(now)).not.toContain('s3cret')
  })

  it('keeps windows and cached keys, also while the issuer is down', async () => {
    const { gateway, file, token, issuer } = await start()
    expect((await get(gateway.url, '/few', token)).status).toBe(200)
    expect((await get(gateway.url, '/few', token)).status).toBe(200)
    await issuer.close()
    await gateway.rewrite(file('b'))
    await gateway.reload()
    const third = await get(gateway.url, '/few', token)
    expect([third.status, third.body, third.headers.get('ratelimit')?.[0]?.replace(/;t=\d+/, '')]).toEqual([
      200,
      'b b',
      '"few";r=0',
    ])
    expect((await get(gateway.url, '/few', token)).status).toBe(429)
    const other = `Authorization: Bearer ${await issuer.mint({ sub: 'other', version_b: 'b' })}`
    expect((await get(gateway.url, '/few', other)).body).toBe('b b')
    await issuer.close().catch(() => {})
  })

  it('leaves a request that is under way with the file it began with', async () => {
    const { gateway, file, token } = await start()
    let answer = () => {}
    const slow = keep(
      await startUpstream((incoming, outgoing) => {
        answer = () => void outgoing.end(`slow ${incoming.headers['x-version']}`)
      }),
    )
    await gateway.rewrite(file('a', { upstreams: { up: slow.url } }))
    await gateway.reload()
    const before = answer
    const underWay = get(gateway.url, '/orders', token)
    await waitFor('the request to arrive', () => answer !== before)
    await gateway.rewrite(file('b'))
    await gateway.reload()
    expect((await get(gateway.url, '/orders', token)).body).toBe('b b')
    answer()
    expect((await underWay).body).toBe('slow a')
  })

  it('lets go of connections to upstreams that it does not name', async () => {
    const { gateway, file, token } = await start()
    const bytes = 'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=60\r\nContent-Length: 3\r\n\r\nold'
    const old = keep(await startRawUpstream(answering(bytes)))
    await gateway.rewrite(file('a', { upstreams: { up: old.url } }))
    await gateway.reload()
    expect((await get(gateway.url, '/orders', token)).body).toBe('old')
    expect(old.connections.size).toBe(1)
    await gateway.rewrite(file('b'))
    await gateway.reload()
    await waitFor('the connection to be closed', () => old.connections.size === 0)
  })
})
