/** A hundred reloads of the real program under load, in one process and in several: each answer is of one file. */
import { Agent, request } from 'undici'
import { describe, expect, it } from 'vitest'
import { closingAfterEach } from '../../support/keep.ts'
import { createTestIssuer } from '../../support/test-issuer.ts'
import { startUpstream } from '../../support/upstream.ts'
import { waitFor } from '../../support/wait-for.ts'
import { spawnWorkers, type WorkersProcess } from '../../support/workers.ts'

const keep = closingAfterEach()
const RELOADS = 100
const CALLERS = 8

type Version = 'a' | 'b'

/** What of an answer is made by which setting, and by nothing else of the file. */
interface Made {
  readonly upstream: string
  readonly rewrite: string
  readonly identity: string
  readonly limit: string
  readonly cors: string
}

const madeBy = (version: Version): Made => ({
  upstream: `at_${version}`,
  rewrite: `/rewritten-${version}/7`,
  identity: `claim_${version}`,
  limit: `"limit_${version}"`,
  cors: `X-Of-${version}`,
})

async function startBoth() {
  const [a, b] = await Promise.all(
    (['a', 'b'] as const).map(async (version) =>
      keep(
        await startUpstream(({ url, headers }, outgoing) =>
          outgoing.end(JSON.stringify({ upstream: `at_${version}`, rewrite: url, identity: headers['x-made-by'] })),
        ),
      ),
    ),
  )
  const issuer = keep(await createTestIssuer())
  const token = await issuer.mint({ a: 'claim_a', b: 'claim_b' })
  const file = (version: Version, workers: number) => ({
    workers,
    issuers: { main: { issuer: issuer.issuer, audience: 'shop-api' } },
    upstreams: { up: (version === 'a' ? a : b)?.url },
    rateLimits: { [`limit_${version}`]: { limit: 1_000_000, window: '1h', key: 'token.sub' } },
    cors: { pages: { origins: ['https://shop.example'], expose: [`X-Of-${version}`] } },
    identity: { headers: { 'X-Made-By': version } },
    defaults: { issuer: 'main', rateLimits: [`limit_${version}`], cors: 'pages' },
    routes: [
      {
        path: '/orders/{id}',
        to: { upstream: 'up', rewrite: `/rewritten-${version}/{id}` },
        allow: [{ methods: ['GET'], token: 'any' }],
      },
    ],
  })
  return { file, token }
}

/** Asks on kept connections until it is stopped. Whatever is no whole 200 is kept as a text. */
function startCallers(url: string, token: string) {
  const dispatcher = new Agent({ connections: CALLERS })
  const headers = { authorization: `Bearer ${token}`, origin: 'https://shop.example' }
  const seen = new Map<string, number>()
  let running = true

  async function ask(): Promise<string> {
    const { statusCode, headers: fields, body } = await request(`${url}/orders/7`, { dispatcher, headers })
    const text = await body.text()
    if (statusCode !== 200) return `${statusCode} ${text}`
    const { upstream, rewrite, identity } = JSON.parse(text) as Made
    const exposed = String(fields['access-control-expose-headers'])
    const limit = String(fields['ratelimit-policy']).split(';')[0] ?? ''
    const made: Made = { upstream, rewrite, identity, limit, cors: /X-Of-\w/.exec(exposed)?.[0] ?? '' }
    return JSON.stringify(made)
  }

  const loops = Array.from({ length: CALLERS }, async () => {
    while (running) {
      const outcome = await ask().catch((error: Error) => `lost: ${error.message}`)
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
    }
  })
  return {
    seen,
    total: () => [...seen.values()].reduce((sum, count) => sum + count, 0),
    async stop() {
      running = false
      await Promise.all(loops)
      await dispatcher.close()
    },
  }
}

/** Reads the file now, as an operator makes it. */
async function reload(gateway: WorkersProcess, text: Readonly<Record<string, unknown>>): Promise<void> {
  const before = (await gateway.status()).digest
  await gateway.rewrite(text)
  gateway.child.kill('SIGHUP')
  await waitFor('the reload', async () => (await gateway.status()).digest !== before)
}

/** A mistake in a line of its own; the file in force stays, and everything that can be looked at says so. */
async function refuseBroken(gateway: WorkersProcess, good: Readonly<Record<string, unknown>>): Promise<void> {
  const before = await gateway.status()
  const refusals = (await gateway.metric('scopegate_config_reloads_total{result="refused"}')) ?? 0
  await gateway.rewrite({ ...good, upstreems: {} })
  gateway.child.kill('SIGHUP')
  const after = await waitFor('the refusal', async () => {
    const status = await gateway.status()
    return status.lastRefusal === undefined ? undefined : status
  })
  expect(after.digest).toBe(before.digest)
  const [problem] = after.lastRefusal?.problems ?? []
  expect(problem).toMatchObject({ line: expect.any(Number), column: expect.any(Number) })
  expect(problem?.text).toMatch(/scopegate\.yaml:\d+:\d+.*\n?.*upstreems/)
  expect(await gateway.metric('scopegate_config_last_reload_successful')).toBe(0)
  expect(await gateway.metric('scopegate_config_reloads_total{result="refused"}')).toBeGreaterThan(refusals)
  await waitFor('the log', () =>
    gateway.logs().some(({ level, problems }) => level === 'error' && JSON.stringify(problems)?.includes('upstreems')),
  )
}

describe.each([1, 2])('a hundred reloads under load, with %i processes', (workers) => {
  it('lose no request, mix no two files, and keep the last good one when a broken one comes', async () => {
    const { file, token } = await startBoth()
    const gateway = keep(await spawnWorkers(file('a', workers)))
    await waitFor('the keys', async () => (await gateway.readiness()).status === 200)
    const callers = startCallers(gateway.url, token)
    for (let count = 1; count <= RELOADS; count += 1) {
      const before = callers.total()
      const version = count % 2 === 0 ? 'a' : 'b'
      if (count % 40 === 0) await refuseBroken(gateway, file(version, workers))
      await reload(gateway, file(version, workers))
      await waitFor('answers between two reloads', () => callers.total() >= before + CALLERS)
    }
    await waitFor('no refusal', async () => (await gateway.status()).lastRefusal === undefined)
    expect(await gateway.metric('scopegate_config_last_reload_successful')).toBe(1)
    await callers.stop()
    const wanted = (['a', 'b'] as const).map((version) => JSON.stringify(madeBy(version)))
    expect([...callers.seen.keys()].toSorted()).toEqual(wanted)
    expect(await gateway.metric('scopegate_config_reloads_total{result="applied"}')).toBeGreaterThanOrEqual(RELOADS)
  }, 180_000)
})
