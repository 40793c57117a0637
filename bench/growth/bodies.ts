/**
 * What bodies cost, from 1 KiB to 1 GiB, down and up: throughput beside the bare passthrough (`node:http` → undici, without a
 * check) in the same rounds, and the most memory that the gateway has at once.
 *
 * Connections are kept and used again and again: 32 for the smallest, 2 from 1 MiB on. Upstream and client stand on the other core and keep
 * nothing; they use larger pieces than the gateway gets, so that its core is the one that is full.
 */
import { truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../../test/support/free-port.ts'
import { GATEWAY_CORE, LOAD_CORE, type Running, startPinned } from '../processes.ts'
import { median, orderOf } from '../statistics.ts'
import type { World } from '../world.ts'
import { type Transfer, transfer } from './bodies-client.ts'
import { EVERYTHING, startGateway } from './gateway-process.ts'
import { peakMiBOf, resetPeak } from './peak-memory.ts'
import type { Point, Section, Verdict } from './section.ts'

const KIB = 1024
const MIB = 1024 * KIB
const ROUNDS = 5
/** Of the largest, which have the longest. */
const FEW_ROUNDS = 3

/** With how many connections, and bodies on each in a round: some seconds of them. */
const SIZES: readonly { readonly bytes: number; readonly connections: number; readonly count: number }[] = [
  { bytes: KIB, connections: 32, count: 600 },
  { bytes: 32 * KIB, connections: 32, count: 400 },
  { bytes: MIB, connections: 2, count: 500 },
  { bytes: 32 * MIB, connections: 2, count: 20 },
  { bytes: 1024 * MIB, connections: 2, count: 1 },
]
type Size = (typeof SIZES)[number]

/** Identical programs differ by about so much. */
const NOISE = 0.05
/** What a body that is a million times as large may take more. */
const MOST_MORE_MIB = 64

const TARGETS = ['gateway', 'passthrough'] as const
type TargetId = (typeof TARGETS)[number]
type Target = Running & { readonly id: TargetId }
type Direction = Transfer['direction']
const DIRECTIONS: readonly Direction[] = ['download', 'upload']

export const BODIES: Section = {
  id: 'bodies',
  title: 'Bodies, down and up',
  sizeTitle: 'bytes of a body',
  series: [
    { id: 'gateway', title: 'down: the gateway', unit: 'MiB/s' },
    { id: 'passthrough', title: 'down: bare passthrough', unit: 'MiB/s' },
    { id: 'gatewayUp', title: 'up: the gateway', unit: 'MiB/s' },
    { id: 'passthroughUp', title: 'up: bare passthrough', unit: 'MiB/s' },
    { id: 'mib', title: 'memory of the gateway at most', unit: 'MiB' },
  ],
  labelOf: sizeOf,
  footer: [
    '32 connections with bodies of 1 and 32 KiB, 2 with larger ones. Everything on.',
    'Bare passthrough: `node:http` and undici without a check, on the same core in turn.',
  ],
  missing: () => undefined,
  async measure(world, scale, say) {
    const running: Running[] = []
    try {
      const upstream = await startNode(
        world,
        'bodies-upstream',
        new URL('bodies-upstream.ts', import.meta.url),
        [],
        LOAD_CORE,
      )
      running.push(upstream)
      const targets: Target[] = []
      for (const id of TARGETS) {
        const target = { ...(await startTarget(world, id, upstream.port)), id }
        targets.push(target)
        running.push(target)
      }
      const points: Point[] = []
      for (const size of SIZES.filter(({ bytes }) => bytes <= 1024 * MIB * scale)) {
        points.push(await measureSize(world, targets, { ...size, count: Math.max(1, Math.round(size.count * scale)) }))
        say(`bodies: ${sizeOf(size.bytes)}`)
      }
      return points
    } finally {
      for (const one of running.toReversed()) await one.stop()
    }
  },
  judge: judgeBodies,
}

function startTarget(world: World, id: TargetId, upstreamPort: number): Promise<Running> {
  if (id === 'passthrough') {
    const script = new URL('../floors/bare-passthrough.ts', import.meta.url)
    return startNode(world, 'bodies-passthrough', script, [String(upstreamPort)], GATEWAY_CORE)
  }
  return startGateway(world, 'bodies', EVERYTHING, { upstreamPort, change: withUploads })
}

async function startNode(
  world: World,
  id: string,
  script: URL,
  more: readonly string[],
  core: number,
): Promise<Running> {
  const port = await freePort()
  const command = [process.execPath, script.pathname, String(port), ...more]
  return startPinned(command, { core, port, outputFile: join(world.folder, `${id}.log`) })
}

function withUploads(file: Record<string, unknown>): Record<string, unknown> {
  const [route] = file.routes as [{ readonly allow: readonly object[] }]
  const allow = route.allow.map((line) => ({ ...line, methods: ['GET', 'POST'] }))
  return { ...file, limits: { body: '2GiB' }, routes: [{ ...route, allow }] }
}

async function measureSize(world: World, targets: readonly Target[], size: Size): Promise<Point> {
  const { bytes, connections, count } = size
  const gateway = targets.find(({ id }) => id === 'gateway') as Target
  const rates = new Map<string, number[]>()
  const run = async ({ id, port }: Target, direction: Direction, times: number) => {
    const wanted = { port, token: world.samples.good, direction, bytes, count: times, connections }
    const rate = await transfer(wanted).catch((error: Error) => {
      throw new Error(`bodies, ${id}: ${error.message}`)
    })
    return rate / MIB
  }
  resetPeak(gateway.pid)
  // Nothing is warmed up for the largest: by then all has been.
  for (const target of count > 1 ? targets : []) {
    for (const direction of DIRECTIONS) await run(target, direction, Math.ceil(count / 4))
  }
  for (let round = 0; round < (count > 1 ? ROUNDS : FEW_ROUNDS); round++) {
    for (const target of orderOf(targets, round)) {
      for (const direction of DIRECTIONS) {
        const key = direction === 'download' ? target.id : `${target.id}Up`
        rates.set(key, [...(rates.get(key) ?? []), await run(target, direction, count)])
      }
    }
  }
  await truncate(world.outputFile('bodies'))
  const medians = [...rates].map(([key, values]) => [key, median(values)])
  return { size: bytes, values: { ...Object.fromEntries(medians), mib: peakMiBOf(gateway.pid) } }
}

function judgeBodies(points: readonly Point[]): Verdict[] {
  const [least, most] = [points[0], points.at(-1)]
  if (least === undefined || most === undefined) return []
  const more = (most.values.mib ?? Number.NaN) - (least.values.mib ?? Number.NaN)
  return [
    ...points.flatMap((point) => [
      judgeRate(point, 'down', 'gateway', 'passthrough'),
      judgeRate(point, 'up', 'gatewayUp', 'passthroughUp'),
    ]),
    {
      text: `bodies of ${sizeOf(most.size)} take ${Math.round(more)} MiB more at most than those of ${sizeOf(least.size)} (at most ${MOST_MORE_MIB})`,
      kept: more <= MOST_MORE_MIB,
    },
  ]
}

function judgeRate({ size, values }: Point, direction: string, gateway: string, passthrough: string): Verdict {
  const ratio = (values[gateway] ?? Number.NaN) / (values[passthrough] ?? Number.NaN)
  return {
    text: `${sizeOf(size)} ${direction}: ${ratio.toFixed(2)} × the throughput of the bare passthrough (at least ${1 - NOISE})`,
    kept: ratio >= 1 - NOISE,
  }
}

function sizeOf(bytes: number): string {
  if (bytes >= 1024 * MIB) return `${bytes / 1024 / MIB} GiB`
  return bytes >= MIB ? `${bytes / MIB} MiB` : `${bytes / KIB} KiB`
}
