import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openTo } from '../../support/gateway.ts'
import { closingAfterEach } from '../../support/keep.ts'
import { connectRaw } from '../../support/raw-client.ts'
import { request } from '../../support/raw-http.ts'
import { startUpstream } from '../../support/upstream.ts'
import { waitFor } from '../../support/wait-for.ts'
import { spawnWorkers, type WorkersProcess } from '../../support/workers.ts'

const keep = closingAfterEach()
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const APPLIED = 'scopegate_config_reloads_total{result="applied"}'
const REFUSED = 'scopegate_config_reloads_total{result="refused"}'
const named = async (name: string) => keep(await startUpstream((_incoming, outgoing) => void outgoing.end(name)))
const fileFor = (url: string, rest: object = {}) => ({ workers: 2, ...openTo(url), ...rest })

/** What kept connections, spread over both workers, are answered now. */
async function bodies(gateway: WorkersProcess): Promise<Set<string>> {
  const answers = await Promise.all(Array.from({ length: 40 }, () => request(gateway.url, ['GET / HTTP/1.1'])))
  return new Set(answers.map(({ status, body }) => `${status} ${body}`))
}

describe('a new file for several workers', () => {
  it('is in force in all of them under load, without a failed request, and is counted and logged once', async () => {
    const [a, b] = [await named('a'), await named('b')]
    const gateway = keep(await spawnWorkers(fileFor(a.url)))
    const before = await gateway.status()
    const seen = new Set<string>()
    let running = true
    const load = Array.from({ length: 8 }, async () => {
      while (running) {
        const { status, body } = await request(gateway.url, ['GET / HTTP/1.1'])
        seen.add(`${status} ${body}`)
      }
    })
    for (const [count, to] of [b, a, b].entries()) {
      await gateway.rewrite(fileFor(to.url))
      await waitFor('the reload', async () => (await gateway.metric(APPLIED)) === count + 1)
      // Each connection is a new one, so some come to either worker.
      expect(await bodies(gateway)).toEqual(new Set([to === a ? '200 a' : '200 b']))
    }
    running = false
    await Promise.all(load)
    expect([...seen].toSorted()).toEqual(['200 a', '200 b'])
    expect((await gateway.status()).digest).not.toBe(before.digest)
    await gateway.stop()
    expect(gateway.logs().filter(({ msg }) => msg === 'the new configuration is in force')).toHaveLength(3)
  })

  it('that is bad changes none, and a worker that starts now has the one in force', async () => {
    const a = await named('a')
    const gateway = keep(await spawnWorkers(fileFor(a.url)))
    const before = await gateway.status()
    await gateway.rewrite(fileFor(a.url, { upstreems: {} }))
    await waitFor('the refusal', () => gateway.metric(REFUSED))
    expect(await gateway.metric('scopegate_config_last_reload_successful')).toBe(0)
    expect(await gateway.status()).toMatchObject({
      digest: before.digest,
      lastRefusal: { problems: [{ line: expect.any(Number), text: expect.stringContaining('upstreems') }] },
    })
    const [first = 0] = gateway.workers()
    process.kill(first, 'SIGKILL')
    await waitFor('the replacement', () => gateway.workers()[0] !== first)
    expect(await bodies(gateway)).toEqual(new Set(['200 a']))
  })

  it('is in force with the schemas it was read with, also in a worker that starts when they are bad', async () => {
    const a = await named('a')
    const folder = await mkdtemp(join(tmpdir(), 'scopegate-'))
    keep({ close: () => rm(folder, { recursive: true }) })
    const schema = join(folder, 'order.json')
    await writeFile(schema, '{"type":"array"}')
    const file = openTo(a.url, { body: { schema } })
    const gateway = keep(await spawnWorkers({ workers: 2, ...file }))
    const post = async () => {
      const lines = ['POST / HTTP/1.1', 'Content-Type: application/json', 'Content-Length: 2']
      const answers = await Promise.all(Array.from({ length: 20 }, () => request(gateway.url, lines, '{}')))
      return [...new Set(answers.map((answer) => answer.status))]
    }
    expect(await post()).toEqual([422])
    await writeFile(schema, '{"type":"arry"}')
    await waitFor('the refusal', () => gateway.metric(REFUSED))
    const [first = 0] = gateway.workers()
    process.kill(first, 'SIGKILL')
    await waitFor('the replacement', () => gateway.workers()[0] !== first)
    expect(await post()).toEqual([422])
    await writeFile(schema, '{"type":"object"}')
    await waitFor('the reload', () => gateway.metric(APPLIED))
    expect(await post()).toEqual([200])
  })

  it('that needs a restart changes none', async () => {
    const [a, b] = [await named('a'), await named('b')]
    const gateway = keep(await spawnWorkers(fileFor(a.url)))
    await gateway.rewrite(fileFor(b.url, { workers: 3 }))
    await waitFor('the refusal', () => gateway.metric(REFUSED))
    expect((await gateway.status()).lastRefusal?.problems).toMatchObject([{ text: 'needs a restart: workers' }])
    expect(await bodies(gateway)).toEqual(new Set(['200 a']))
  })

  it('that one worker cannot prepare changes none', async () => {
    const [a, b] = [await named('a'), await named('b')]
    const gateway = keep(await spawnWorkers(fileFor(a.url)))
    const [, second = 0] = gateway.workers()
    // It stands still until it is too late: the first worker is prepared by then, and this one is gone.
    process.kill(second, 'SIGSTOP')
    await gateway.rewrite(fileFor(b.url))
    await waitFor('the stop to be seen', async () =>
      (await gateway.readiness()).reasons.includes('worker 2 does not answer'),
    )
    process.kill(second, 'SIGKILL')
    await waitFor('the refusal', () => gateway.metric(REFUSED))
    await waitFor('the replacement', () => gateway.workers()[1] !== second)
    const { problems } = (await gateway.status()).lastRefusal ?? {}
    expect(problems).toMatchObject([{ text: 'a worker ended' }])
  })

  it('leaves a request that is under way with the file it began with', async () => {
    const b = await named('b')
    let answer = () => {}
    const slow = keep(
      await startUpstream((_incoming, outgoing) => {
        answer = () => void outgoing.end('slow')
      }),
    )
    const gateway = keep(await spawnWorkers(fileFor(slow.url)))
    const before = answer
    const client = await connectRaw(gateway.url, GET)
    await waitFor('the request to arrive', () => answer !== before)
    await gateway.rewrite(fileFor(b.url))
    await waitFor('the reload', () => gateway.metric(APPLIED))
    expect(await bodies(gateway)).toEqual(new Set(['200 b']))
    answer()
    await client.until('slow')
  })
})
