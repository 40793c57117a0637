/**
 * What a gateway that is asked for three times as much as it takes in still does.
 *
 * 384 connections ask again as soon as they are answered, for a minute, at a gateway with 128 places for requests in flight;
 * then 3,000 at one that has places for all and may not lag by more than 20 ms. The figure is of the requests that are
 * served, beside what 64 connections get, which is the most that the core can do. At the same time somebody asks for
 * `/livez`, as an orchestrator would. The two seconds after the minute show how soon it is over.
 */
import { truncate } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../test/support/free-port.ts'
import { type BarChart, drawBarChart } from '../bar-chart.ts'
import { ALL_CHECKS, checkTarget } from '../checks.ts'
import { rssMiBOf } from '../cpu.ts'
import { type LoadResult, runLoad } from '../load.ts'
import type { Running } from '../processes.ts'
import { missingProgram } from '../row.ts'
import { BODY, type World } from '../world.ts'
import { EVERYTHING, startGateway } from './gateway-process.ts'
import type { Point, Section, Verdict } from './section.ts'

/** Three times as many connections. More at once than this make each request dearer: little of them is in the core's caches. */
const PLACES = 128
const CROWD = { places: 3 * PLACES, lag: 3000 }
const SECONDS = 60
const PEAK_CONNECTIONS = 64
const PEAK_SECONDS = 5
/** In which it must be over. */
const RECOVERY_SECONDS = 2
/** Of what the core can do. */
const SHARE = 0.8
const MOST_MIB = 400
/** Of a minute's second half to its first. */
const MOST_GROWTH = 1.1
const MOST_HEALTH_MS = 1000
const LOOK_MS = 200

/** In the order of their points; the size of a point is the place in this list. */
export const PHASES = [
  { id: 'before', title: '64 connections, before' },
  { id: 'places', title: '384 connections, 128 places' },
  { id: 'after', title: '64 connections, the 2 s after' },
  { id: 'lag', title: '3,000 connections, 20 ms of lag' },
  { id: 'afterLag', title: '64 connections, the 2 s after' },
] as const

const LIMITS = {
  places: { inFlight: PLACES, loopDelay: '60s' },
  lag: { inFlight: 10_000, loopDelay: '20ms' },
}

interface Stand {
  readonly world: World
  readonly gateway: Running
  readonly admin: string
}

export const OVERLOAD: Section = {
  id: 'overload',
  title: 'Three times as many requests as the gateway takes in',
  sizeTitle: 'phase',
  series: [
    { id: 'good', title: 'served', unit: 'req/s' },
    { id: 'refused', title: 'told to come back', unit: 'req/s' },
    { id: 'share', title: 'served, of the most', unit: '×' },
    { id: 'mib', title: 'memory at most', unit: 'MiB' },
    { id: 'growth', title: 'memory, second half to first', unit: '×' },
    { id: 'healthMs', title: 'slowest health check', unit: 'ms' },
  ],
  missing: () => missingProgram('wrk'),
  async measure(world, scale, say) {
    const seconds = Math.max(1, Math.round(SECONDS * scale))
    const first = await measureLimits(world, 'places', seconds)
    say('overload: the places are measured')
    const second = await measureLimits(world, 'lag', seconds)
    const points = [...first, ...second.slice(1)]
    return points.map((values, index) => ({ size: index + 1, values }))
  },
  judge: judgeOverload,
  footer: [
    `Each connection asks again as soon as it is answered; the overload lasts ${SECONDS} s. Everything on.`,
    'The share is that of what 64 connections got before.',
  ],
  draw: (points, footer) => drawBarChart(toChart(points, footer)),
}

type Values = Point['values']

async function measureLimits(world: World, kind: keyof typeof CROWD, seconds: number): Promise<Values[]> {
  const port = await freePort()
  const id = `overload-${kind}`
  const change = (file: Record<string, unknown>) => ({ ...file, limits: LIMITS[kind], admin: { port } })
  const gateway = await startGateway(world, id, EVERYTHING, { change })
  const stand = { world, gateway, admin: `http://127.0.0.1:${port}` }
  try {
    await checkTarget({ port: gateway.port, checks: ALL_CHECKS }, world.samples, BODY)
    await runPhase(stand, PEAK_CONNECTIONS, PEAK_SECONDS)
    const before = await runPhase(stand, PEAK_CONNECTIONS, PEAK_SECONDS)
    const during = await runPhase(stand, CROWD[kind], seconds)
    const after = await runPhase(stand, PEAK_CONNECTIONS, RECOVERY_SECONDS)
    await truncate(world.outputFile(id))
    const most = before.good ?? Number.NaN
    return [before, during, after].map((values) => ({ ...values, share: (values.good ?? Number.NaN) / most }))
  } finally {
    await gateway.stop()
  }
}

/** Throws for an answer that never came. A refusal is one that came. */
async function runPhase({ world, gateway, admin }: Stand, connections: number, seconds: number): Promise<Values> {
  const tokenFile = await world.tokenFile('few')
  const load = { port: gateway.port, connections, seconds, path: '/orders/', tokenFile, timeoutSeconds: 30 }
  const look = startLooking(gateway.pid, admin)
  const result = await runLoad(load).finally(look.end)
  assertAnswered(result)
  const { requests, errors } = result
  return {
    good: (requests - errors.status) / result.seconds,
    refused: errors.status / result.seconds,
    ...look.values(),
  }
}

function assertAnswered({ errors: { connect, read, write, timeout } }: LoadResult): void {
  if (connect + read + write + timeout === 0) return
  throw new Error(`overload: requests were lost: ${JSON.stringify({ connect, read, write, timeout })}`)
}

/** Looks at memory and health until its end. */
function startLooking(pid: number, admin: string) {
  const mib: number[] = []
  let healthMs = 0
  let running = true

  async function look(): Promise<void> {
    while (running) {
      const startedAtMs = performance.now()
      const { status } = await fetch(`${admin}/livez`)
      if (status !== 200) throw new Error(`overload: /livez answered ${status}`)
      healthMs = Math.max(healthMs, performance.now() - startedAtMs)
      mib.push(rssMiBOf(pid))
      await sleep(LOOK_MS)
    }
  }
  const looking = look()

  return {
    async end() {
      running = false
      await looking
    },
    values() {
      const half = Math.ceil(mib.length / 2)
      return {
        healthMs,
        mib: Math.max(...mib),
        growth: Math.max(...mib.slice(half - 1)) / Math.max(...mib.slice(0, half)),
      }
    },
  }
}

function judgeOverload(points: readonly Point[]): Verdict[] {
  return points.slice(1).flatMap((point): Verdict[] => {
    const { share = 0, refused = 0, mib = Number.NaN, growth = Number.NaN, healthMs = Number.NaN } = point.values
    const title = titleOf(point.size)
    const served = {
      text: `${title}: ${share.toFixed(2)} of the most is served (at least ${SHARE})`,
      kept: share >= SHARE,
    }
    if (point.size % 2 === 1) {
      return [served, { text: `${title}: ${Math.round(refused)} refusals in a second (none)`, kept: refused === 0 }]
    }
    return [
      served,
      {
        text: `${title}: ${Math.round(mib)} MiB (at most ${MOST_MIB}), ${growth.toFixed(2)} × from its first half to its second (at most ${MOST_GROWTH})`,
        kept: mib <= MOST_MIB && growth <= MOST_GROWTH,
      },
      {
        text: `${title}: a health check takes ${Math.round(healthMs)} ms at most (${MOST_HEALTH_MS})`,
        kept: healthMs <= MOST_HEALTH_MS,
      },
    ]
  })
}

function toChart(points: readonly Point[], footer: readonly string[]): BarChart {
  return {
    title: 'Requests served per second when three times as many come (more is better)',
    longest: 1.15 * Math.max(...points.map(({ values }) => values.good ?? 0)),
    bars: points.map(({ size, values: { good = 0, share = 0, mib = 0 } }) => ({
      label: titleOf(size),
      value: good,
      note: size === 1 ? '' : `${share.toFixed(2)} ×; ${Math.round(mib)} MiB`,
      kind: size % 2 === 1 ? 'gateway' : 'chosen',
    })),
    footer,
  }
}

function titleOf(size: number): string {
  return PHASES[size - 1]?.title ?? ''
}
