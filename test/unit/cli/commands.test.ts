import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { dispatch } from '../../../src/cli/dispatch.ts'
import { createTestIo } from './test-io.ts'

const cwd = new URL('../../..', import.meta.url).pathname
const FULL = 'test/fixtures/config/full.yaml'
const env = { REDIS_URL: 'redis://cache:6379' }

async function run(...args: string[]) {
  const io = createTestIo({ cwd, env })
  const code = await dispatch(io, args, '1.2.3')
  return { code, out: io.out, err: io.err }
}

describe('scopegate', () => {
  it('prints its version and its help', async () => {
    expect(await run('--version')).toEqual({ code: 0, out: '1.2.3\n', err: '' })
    for (const args of [['--help'], ['help'], ['validate', '--help']]) {
      const { code, out } = await run(...args)
      expect(code).toBe(0)
      expect(out).toContain('Usage: scopegate <command>')
    }
  })

  it.each([
    [[]],
    [['unknown']],
    [['constructor']],
    [['validate', '--unknown']],
    [['validate', 'surplus']],
    [['routes', '-c']],
    [['schema', '--json']],
    [['start', '--unknown']],
    [['start', '--port', 'eighty']],
  ])('shows its usage on stderr and exits with 2 for %j', async (args) => {
    const { code, out, err } = await run(...args)
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(err).toContain('Usage: scopegate <command>')
  })
})

describe('scopegate validate', () => {
  it('says what a good file holds', async () => {
    expect(await run('validate', '-c', FULL)).toEqual({
      ...{ code: 0, err: '' },
      out: 'ok: 5 routes, 2 upstreams, 1 issuer, 4 rate limits, 1 CORS policy; 3 findings accepted\n',
    })
  })

  it('prints the same as JSON', async () => {
    const { code, out, err } = await run('validate', '-c', FULL, '--json')
    expect(code).toBe(0)
    expect(err).toBe('')
    expect(JSON.parse(out)).toMatchObject({ ok: true, counts: { routes: 5 }, warnings: [], accepted: [{}, {}, {}] })
  })

  it('exits with 1 for a bad file and names all problems', async () => {
    const bad = 'test/fixtures/config/bad.yaml'
    const { code, out, err } = await run('validate', '-c', bad)
    expect(code).toBe(1)
    expect(out).toBe('')
    expect(err.match(/bad\.yaml:\d+:\d+: /g)).toHaveLength(3)
    const json = await run('validate', '-c', bad, '--json')
    expect(json.code).toBe(1)
    expect(JSON.parse(json.out)).toMatchObject({ ok: false, problems: [{}, {}, { suggestion: 'orders' }] })
  })

  it('exits with 2 for a file that is not there', async () => {
    expect(await run('validate', '-c', 'nowhere.yaml')).toEqual({
      ...{ code: 2, out: '' },
      err: 'nowhere.yaml: the file does not exist\n',
    })
    expect((await run('routes', '-c', 'nowhere.yaml', '--json')).code).toBe(2)
  })
})

describe('scopegate routes', () => {
  it('prints the table of routes.txt', async () => {
    const { code, out } = await run('routes', '-c', FULL)
    expect(code).toBe(0)
    await expect(out).toMatchFileSnapshot('../../fixtures/config/full.routes.txt')
  })

  it('prints the list of routes.json', async () => {
    const { code, out } = await run('routes', '-c', FULL, '--json')
    expect(code).toBe(0)
    await expect(out).toMatchFileSnapshot('../../fixtures/config/full.routes.json')
  })

  it('exits with 1 for a bad file', async () => {
    expect((await run('routes', '-c', 'test/fixtures/config/bad.yaml')).code).toBe(1)
  })
})

describe('scopegate schema', () => {
  it('prints the schema that is in the project', async () => {
    const { code, out } = await run('schema')
    expect(code).toBe(0)
    expect(out).toBe(readFileSync(`${cwd}scopegate.schema.json`, 'utf8'))
  })
})
