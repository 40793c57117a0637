/**
 * `node bench/experiments/body-checks.ts`: what `body` costs a request and a start, after `npm run build`. One gateway with a route
 * that streams and one that checks takes JSON of 1 and 64 KiB in turns; then gateways with and without a schema start in turns.
 * CPU of the gateway's process alone.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnGateway } from '../../test/support/gateway-process.ts'
import { startUpstream } from '../../test/support/upstream.ts'
import { cpuMsOf } from '../cpu.ts'
import { programOf } from '../processes.ts'
import { median, orderOf } from '../statistics.ts'

const KIB = 1024
const CONNECTIONS = 8
const ROUNDS = 7
const STARTS = 9
const SIZES = [
  { bytes: KIB, requests: 4000 },
  { bytes: 64 * KIB, requests: 1000 },
]
const PATHS = ['/streamed', '/checked'] as const

/** As orders have them: texts, numbers, a list of objects. */
const SCHEMA = {
  type: 'object',
  required: ['customer', 'items'],
  additionalProperties: false,
  properties: {
    customer: { type: 'string', maxLength: 100 },
    items: {
      type: 'array',
      items: {
        type: 'object',
        required: ['sku', 'quantity'],
        additionalProperties: false,
        properties: {
          sku: { type: 'string', maxLength: 40 },
          quantity: { type: 'integer', minimum: 1 },
          note: { type: 'string', maxLength: 200 },
        },
      },
    },
  },
}

function orderOfSize(bytes: number): string {
  const items: object[] = []
  let length = 0
  while (length < bytes - 100) {
    const item = { sku: `tea-${items.length}`, quantity: 1 + (items.length % 9), note: 'as a present, please' }
    length += JSON.stringify(item).length + 1
    items.push(item)
  }
  return JSON.stringify({ customer: 'c-1', items })
}

/** A wrong answer rejects. */
async function post(url: string, body: string, requests: number): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }
  let left = requests
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const request = http.request(url, { method: 'POST', agent, headers }, (answer) => {
        answer.resume().once('end', () => {
          if (answer.statusCode === 200) resolve()
          else reject(new Error(`${url} answered ${answer.statusCode}`))
        })
      })
      request.once('error', reject).end(body)
    })
  const worker = async () => {
    while (left-- > 0) await one()
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, worker))
  agent.destroy()
}

const root = new URL('../..', import.meta.url).pathname
const program = [...programOf(root).slice(1), 'start']
const folder = await mkdtemp(join(tmpdir(), 'scopegate-body-checks-'))
const schema = join(folder, 'order.json')
await writeFile(schema, JSON.stringify(SCHEMA))
const upstream = await startUpstream(
  (incoming, outgoing) => void incoming.resume().once('end', () => outgoing.end('ok')),
)

const routeOf = (path: string) => ({
  ...{ path, to: 'orders', methods: ['POST'], public: 'measured without a token' },
  ...(path === '/checked' && { body: { schema } }),
})
const fileOf = (paths: readonly string[]) => ({
  ...{ upstreams: { orders: upstream.url }, log: { access: 'none' }, routes: paths.map(routeOf) },
})

try {
  const gateway = await spawnGateway(fileOf(PATHS), { program })
  const pid = gateway.child.pid ?? 0
  for (const { bytes, requests } of SIZES) {
    const body = orderOfSize(bytes)
    const costs = new Map(PATHS.map((path) => [path, [] as number[]]))
    for (const path of PATHS) await post(gateway.url + path, body, requests)
    for (let round = 0; round < ROUNDS; round++) {
      for (const path of orderOf(PATHS, round)) {
        const before = cpuMsOf(pid)
        await post(gateway.url + path, body, requests)
        costs.get(path)?.push(((cpuMsOf(pid) - before) * 1000) / requests)
      }
    }
    const [streamed = Number.NaN, checked = Number.NaN] = [...costs.values()].map(median)
    const figures = `streamed ${streamed.toFixed(0)}, checked ${checked.toFixed(0)} CPU µs a request`
    console.log(`${Math.round(body.length / KIB)} KiB: ${figures}: ${(checked / streamed).toFixed(2)} ×`)
  }
  await gateway.stop()

  const starts = new Map(PATHS.map((path) => [path, [] as number[]]))
  for (let round = 0; round < STARTS; round++) {
    for (const path of orderOf(PATHS, round)) {
      const started = await spawnGateway(fileOf([path]), { program })
      starts.get(path)?.push(cpuMsOf(started.child.pid ?? 0))
      await started.stop()
    }
  }
  const [without = Number.NaN, withSchema = Number.NaN] = [...starts.values()].map(median)
  const ratio = (withSchema / without).toFixed(2)
  console.log(`start: without a schema ${without.toFixed(0)}, with one ${withSchema.toFixed(0)} CPU ms: ${ratio} ×`)
} finally {
  await upstream.close()
  await rm(folder, { recursive: true })
}
