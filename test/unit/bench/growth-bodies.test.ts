import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { BODIES } from '../../../bench/growth/bodies.ts'
import { type Transfer, transfer } from '../../../bench/growth/bodies-client.ts'
import type { Point } from '../../../bench/growth/section.ts'

const point = (size: number, values: Record<string, number> = {}): Point => ({
  size,
  values: { gateway: 100, passthrough: 100, gatewayUp: 100, passthroughUp: 100, mib: 150, ...values },
})

describe('the growth section of bodies', () => {
  it('keeps its promises with the throughput of the bare passthrough and flat memory', () => {
    const verdicts = BODIES.judge([point(1024), point(2 ** 30, { mib: 190 })])
    expect(verdicts.map(({ text }) => text)).toEqual([
      '1 KiB down: 1.00 × the throughput of the bare passthrough (at least 0.95)',
      '1 KiB up: 1.00 × the throughput of the bare passthrough (at least 0.95)',
      '1 GiB down: 1.00 × the throughput of the bare passthrough (at least 0.95)',
      '1 GiB up: 1.00 × the throughput of the bare passthrough (at least 0.95)',
      'bodies of 1 GiB take 40 MiB more at most than those of 1 KiB (at most 64)',
    ])
    expect(verdicts.every(({ kept }) => kept)).toBe(true)
  })

  it.each([
    ['a slower download', { gateway: 90 }, 2],
    ['a slower upload', { gatewayUp: 90 }, 3],
    ['memory that grows with the body', { mib: 1200 }, 4],
    ['no figure', { mib: Number.NaN }, 4],
  ])('breaks one with %s', (_, values, broken) => {
    const verdicts = BODIES.judge([point(1024), point(2 ** 30, values)])
    expect(verdicts.map(({ kept }) => kept).indexOf(false)).toBe(broken)
    expect(verdicts.filter(({ kept }) => !kept)).toHaveLength(1)
  })

  it('gives each point a value for each series', () => {
    expect(BODIES.series.map(({ id }) => id).sort()).toEqual(Object.keys(point(1).values).sort())
  })
})

describe('transfer', () => {
  let server: Server
  afterEach(() => void server.close())

  async function against(answer: (method: string, came: number) => string): Promise<Omit<Transfer, 'direction'>> {
    server = createServer((request, response) => {
      let came = 0
      request.on('data', ({ length }: Buffer) => {
        came += length
      })
      request.on('end', () => {
        const text = answer(request.method ?? '', came)
        response.writeHead(text === 'refused' ? 401 : 200, { 'content-length': text.length }).end(text)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    return { port, token: 'a.b.c', bytes: 700_000, count: 3, connections: 2 }
  }

  it('counts the bytes of all bodies, down and up', async () => {
    const wanted = await against((method, came) => (method === 'GET' ? 'x'.repeat(700_000) : String(came)))
    expect(await transfer({ ...wanted, direction: 'download' })).toBeGreaterThan(0)
    expect(await transfer({ ...wanted, direction: 'upload' })).toBeGreaterThan(0)
  })

  it.each([
    ['download', 'refused'],
    ['upload', 'refused'],
    ['download', 'x'.repeat(699_999)],
    ['upload', '699999'],
  ] as const)('rejects when a %s is answered with something else', async (direction, text) => {
    const wanted = await against(() => text)
    await expect(transfer({ ...wanted, direction })).rejects.toThrow(`a ${direction} of 700000 bytes got HTTP/1.1`)
  })

  it('rejects when the connection is closed in the middle', async () => {
    const wanted = await against(() => 'refused')
    server.removeAllListeners('request').on('request', ({ socket }) => socket.destroy())
    await expect(transfer({ ...wanted, direction: 'download' })).rejects.toThrow()
  })
})
