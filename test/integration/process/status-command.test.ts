/** `scopegate status` against a gateway that runs as `scopegate start` starts it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openTo, startGateway, writeConfig } from '../../support/gateway.ts'
import { closingAfterEach } from '../../support/keep.ts'
import { waitFor } from '../../support/wait-for.ts'
import { spawnWorkers, type WorkersProcess } from '../../support/workers.ts'
import { runCommand } from '../../unit/cli/test-io.ts'

const keep = closingAfterEach()
const UP = 'http://127.0.0.1:1'
const good = (path = '/a') => ({
  ...openTo(UP, { path }),
  tests: [{ request: `GET ${path}`, expect: 200 }],
})

const statusOf = (file: string, ...args: string[]) => runCommand(['status', '-c', file, ...args])
const status = (gateway: Pick<WorkersProcess, 'adminUrl' | 'configFile'>, ...args: string[]) =>
  statusOf(gateway.configFile, '--url', gateway.adminUrl, ...args)

describe.each([1, 2])('scopegate status, with %i workers', (workers) => {
  it('says whether the file on the disk is in force, and why the last one was refused', async () => {
    const gateway = keep(await spawnWorkers({ ...good(), workers }))
    const first = await status(gateway)
    expect(first).toMatchObject({ code: 0, err: '' })
    expect(first.out).toContain(`${gateway.configFile}: in force\n`)
    expect(first.out).toContain('1 routes; 1 of 1 tests green\n')

    await gateway.rewrite({ ...good(), workers, upstreems: {} })
    await waitFor('the refusal', async () => (await status(gateway)).out.includes('was refused'))
    const refused = await status(gateway)
    expect(refused.code).toBe(1)
    expect(refused.out).toMatch(/scopegate\.yaml:\d+:\d+: .*upstreems/)
    const json = JSON.parse((await status(gateway, '--json')).out)
    expect(json).toMatchObject({
      ok: false,
      ready: true,
      file: { state: 'differs' },
      gateway: { source: gateway.configFile },
    })
    expect(json.gateway.lastRefusal.problems).toMatchObject([
      { line: expect.any(Number), column: 1, path: 'upstreems' },
    ])

    await gateway.rewrite({ ...good('/b'), workers })
    await waitFor('the new file', async () => (await status(gateway)).code === 0)
    await gateway.stop()
    expect(await status(gateway)).toMatchObject({ code: 2, out: '', err: expect.stringContaining('ECONNREFUSED') })
  })
})

it('scopegate status counts the schema files of the file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'scopegate-status-'))
  keep({ close: () => rm(folder, { recursive: true, force: true }) })
  const schema = join(folder, 'body.json')
  await writeFile(schema, '{"type":"object"}')
  const route = { path: '/a', to: 'app', methods: ['POST'], public: 'for tests', body: { schema } }
  const gateway = keep(await spawnWorkers({ upstreams: { app: UP }, routes: [route], workers: 1 }))
  expect(await status(gateway)).toMatchObject({ code: 0, out: expect.stringContaining(': in force\n') })
  await writeFile(schema, '{"type":')
  await waitFor('the refusal', async () => (await status(gateway)).out.includes('was refused'))
})

it('scopegate status sends the password of the file, and says when it has none', async () => {
  const admin = { port: 0, password: 'sixteen characters at least' }
  const gateway = keep(await spawnWorkers({ ...good(), admin, workers: 1 }))
  expect(await status(gateway)).toMatchObject({ code: 0, err: '' })
  await gateway.rewrite(good())
  expect(await status(gateway)).toMatchObject({ code: 2, err: expect.stringContaining('asks for a password') })
  for (let i = 0; i < 10; i += 1) {
    await fetch(`${gateway.adminUrl}/config/status`, { headers: { Authorization: `Bearer guess-${i}` } })
  }
  await gateway.rewrite({ ...good(), admin })
  expect(await status(gateway)).toMatchObject({ code: 2, err: expect.stringContaining('too many wrong passwords') })
})

describe('scopegate status, where the gateway listens', () => {
  it('asks at the address of `admin` in the file', async () => {
    const gateway = keep(await startGateway(good()))
    const { port } = new URL(gateway.adminUrl)
    const named = keep(await writeConfig({ ...good(), admin: { host: '0.0.0.0', port: Number(port) } }))
    const asked = await statusOf(named.file)
    // The gateway runs on a file of its own, with any free port.
    expect(asked).toMatchObject({ code: 1, err: '' })
    expect(asked.out).toContain(`gateway   http://127.0.0.1:${port}, ready\n`)
    expect(asked.out).toContain(`in force  ${gateway.configFile} since `)
  })

  it('says so when the file does not load, and nobody answers at the default address', async () => {
    const { file } = keep(await writeConfig({ nothing: true }))
    expect(await statusOf(file)).toMatchObject({ code: 2, err: expect.stringMatching(/9090: .*\n.*say --url\.\n$/) })
  })

  it('asks for --url when the file has no admin listener', async () => {
    const named = keep(await writeConfig({ ...good(), admin: false }))
    const asked = await statusOf(named.file)
    expect(asked).toMatchObject({ code: 2, out: '' })
    expect(asked.err).toContain('the file has no admin listener: say --url')
  })

  it('says what keeps a gateway from being ready', async () => {
    const issuers = { main: { issuer: 'http://127.0.0.1:1/realms/shop', audience: 'shop-api' } }
    const routes = [{ path: '/a', to: 'up', allow: [{ methods: ['GET'], token: 'any' }] }]
    const gateway = keep(await startGateway({ issuers, upstreams: { up: UP }, routes }))
    const asked = await statusOf(gateway.configFile, '--url', gateway.adminUrl)
    expect(asked).toMatchObject({ code: 1, err: '' })
    expect(asked.out).toMatch(/^in force, and not ready\n/)
    expect(asked.out).toMatch(/not ready: .+\n/)
  })
})
