import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { openTo, writeConfig } from '../../support/gateway.ts'
import { spawnGateway } from '../../support/gateway-process.ts'
import { request } from '../../support/raw-http.ts'
import { startUpstream } from '../../support/upstream.ts'
import { waitFor } from '../../support/wait-for.ts'

const ROOT = new URL('../../..', import.meta.url).pathname
const green = { request: 'GET /a', expect: 200 }
const red = { request: 'GET /a', expect: 401 }

describe('a red test of the route-scope file', () => {
  it('refuses a start, with its place, what was expected and what came', async () => {
    const config = await writeConfig({ ...openTo('http://127.0.0.1:1'), tests: [green, red] })
    const { status, stdout, stderr } = spawnSync(process.execPath, ['src/main.ts', 'start', '-c', config.file], {
      // A start that is not refused would run on.
      timeout: 10_000,
      ...{ cwd: ROOT, encoding: 'utf8', env: { PATH: process.env.PATH ?? '' } },
    })
    await config.close()
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(/scopegate\.yaml:\d+:5: tests\[1\]: GET \/a: expected status 401, got 200/)
  })

  it.each([[1], [2]])('refuses a reload, and the file in force stays (workers: %i)', async (workers) => {
    const upstream = await startUpstream()
    const file = { ...openTo(upstream.url), workers }
    const gateway = await spawnGateway({ ...file, tests: [green] })
    try {
      const closed = [{ path: '/b', to: 'up', methods: ['GET'], public: 'now elsewhere' }]
      await gateway.rewrite({ ...file, routes: closed, tests: [green] })
      const refusal = await waitFor('the refusal', () => gateway.logs().find(({ problems }) => problems !== undefined))
      expect(refusal.problems).toEqual([expect.stringContaining('tests[0]: GET /a: expected status 200, got 401')])
      expect((await request(gateway.url, ['GET /a HTTP/1.1'])).status).toBe(200)
      await gateway.rewrite({ ...file, routes: closed, tests: [red] })
      await waitFor('the new file', () => gateway.logs().some(({ msg }) => String(msg).includes('is in force')))
      expect((await request(gateway.url, ['GET /a HTTP/1.1'])).status).toBe(401)
    } finally {
      await gateway.stop()
      await upstream.close()
    }
  })
})
