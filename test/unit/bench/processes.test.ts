import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findProgram, GATEWAY_CORE, parseCores, startPinned } from '../../../bench/processes.ts'
import { freePort } from '../../support/free-port.ts'

describe('parseCores', () => {
  it.each([
    ['Name:\tx\nCpus_allowed_list:\t0-1\nMems_allowed_list:\t0\n', [0, 1]],
    ['Cpus_allowed_list:\t2,5-7\n', [2, 5, 6, 7]],
    ['Cpus_allowed_list:\t3\n', [3]],
  ])('of %j is %j', (status, expected) => {
    expect(parseCores(status)).toEqual(expected)
  })
})

describe('findProgram', () => {
  it('knows where a program is, or that it is nowhere', () => {
    expect(findProgram('sh')).toMatch(/^\/.*\/sh$/)
    expect(findProgram('no-such-program-at-all')).toBeUndefined()
  })
})

describe('startPinned', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scopegate-bench-test-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('starts a program on the core that is asked for, as in production, and ends it', async () => {
    const port = await freePort()
    const script = `console.log(process.env.NODE_ENV, process.env.PORT); require('http').createServer().listen(${port}, '127.0.0.1')`
    const outputFile = join(folder, 'good.log')
    const running = await startPinned([process.execPath, '-e', script], { core: GATEWAY_CORE, port, outputFile })
    expect(parseCores(await readFile(`/proc/${running.pid}/status`, 'utf8'))).toEqual([GATEWAY_CORE])
    expect(await readFile(outputFile, 'utf8')).toBe('production undefined\n')
    await running.stop()
    await expect(readFile(`/proc/${running.pid}/status`)).rejects.toThrow('ENOENT')
  })

  it('quotes the output of a program that ends instead', async () => {
    const options = { core: GATEWAY_CORE, port: await freePort(), outputFile: join(folder, 'bad.log') }
    const started = startPinned(['sh', '-c', 'echo the port is taken >&2; exit 3'], options)
    await expect(started).rejects.toThrow('the port is taken')
  })
})
