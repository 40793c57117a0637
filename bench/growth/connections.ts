/**
 * What client connections cost, all of them asking: 32 to 10,000, which is the default of `limits.connections`.
 *
 * Each connection asks again as soon as it has its answer, so that as many requests as connections are under way. The
 * upstream has 128 connections at most (the default of `upstreams.*.connections`): all other requests wait in the gateway,
 * which is memory too. A connection that is refused (503 `overloaded`), a wrong status or a time-out fails the run.
 */
import { readFileSync } from 'node:fs'
import { truncate } from 'node:fs/promises'
import { cpuMsOf } from '../cpu.ts'
import { countErrors, type LoadResult, runLoad } from '../load.ts'
import type { Running } from '../processes.ts'
import { missingProgram } from '../row.ts'
import { BODY, type World } from '../world.ts'
import { EVERYTHING, startGateway } from './gateway-process.ts'
import { peakMiBOf, resetPeak } from './peak-memory.ts'
import type { Point, Section, Verdict } from './section.ts'

const SIZES = [32, 100, 1000, 10_000]
const SECONDS = 8
/** 10,000 at once are more than fit into the queue of the listener: some ask for theirs again after 1, 3 and 7 seconds. */
const TIMEOUT_SECONDS = 30
/** Sockets of the load, and what else a process has open. */
const OPEN_FILES = 10_500
/** Nobody is told to come back, however long it takes. */
const ALL_TAKEN_IN = { inFlight: 10_000, loopDelay: '60s' }
/** For a connection with a request under way: both sockets, parser, request, answer and the objects of the stages. */
const MOST_KIB = 64

export const CONNECTIONS: Section = {
  id: 'connections',
  title: 'Client connections, all of them asking',
  sizeTitle: 'client connections',
  series: [
    { id: 'mib', title: 'memory at most', unit: 'MiB' },
    { id: 'cpuUs', title: 'CPU for a request', unit: 'CPU µs per request' },
    { id: 'rate', title: 'throughput', unit: 'req/s' },
    { id: 'p99', title: '99th percentile', unit: 'ms' },
  ],
  footer: [
    'GET with a token of 1,000 that are cached; each connection asks again when it has its answer. Everything on.',
  ],
  missing: () => missingProgram('wrk') ?? missingFiles(readFileSync('/proc/self/limits', 'utf8')),
  async measure(world, scale, say) {
    const change = (file: Record<string, unknown>) => ({ ...file, limits: ALL_TAKEN_IN })
    const gateway = await startGateway(world, 'connections', EVERYTHING, { change })
    const [least = 0, ...others] = SIZES.filter((size, index) => index === 0 || size <= 10_000 * scale)
    const seconds = Math.max(1, Math.round(SECONDS * scale))
    try {
      // Memory that the first requests take is nobody's connection.
      await runRound(world, gateway, least, seconds)
      const points: Point[] = []
      for (const size of [least, ...others]) {
        points.push(await measureSize(world, gateway, size, seconds))
        say(`connections: ${size}`)
      }
      return points
    } finally {
      await gateway.stop()
    }
  },
  judge: judgeConnections,
}

/** Node takes all the files that it may have, and what it starts inherits that. */
export function missingFiles(limits: string): string | undefined {
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits)?.[1] ?? '0'
  if (soft === 'unlimited' || Number(soft) >= OPEN_FILES) return undefined
  return `a process may have ${soft} files open, and the load needs ${OPEN_FILES} (ulimit -n)`
}

async function measureSize(world: World, gateway: Running, size: number, seconds: number): Promise<Point> {
  resetPeak(gateway.pid)
  const cpuBefore = cpuMsOf(gateway.pid)
  const { requests, seconds: lasted, latency } = await runRound(world, gateway, size, seconds)
  const mib = peakMiBOf(gateway.pid)
  return {
    size,
    values: {
      mib,
      cpuUs: ((cpuMsOf(gateway.pid) - cpuBefore) * 1000) / requests,
      rate: requests / lasted,
      p99: latency.p99,
    },
  }
}

async function runRound(world: World, gateway: Running, connections: number, seconds: number): Promise<LoadResult> {
  const tokenFile = await world.tokenFile('few')
  const load = { port: gateway.port, connections, seconds, path: '/orders/', tokenFile }
  const result = await runLoad({ ...load, timeoutSeconds: TIMEOUT_SECONDS })
  const { requests, bytes, errors } = result
  if (countErrors(errors) > 0) throw new Error(`${connections} connections: ${JSON.stringify(errors)}`)
  if (bytes < requests * BODY.length) throw new Error(`${connections} connections: answers without their body`)
  if (requests < connections) throw new Error(`${connections} connections: only ${requests} answers`)
  await truncate(world.outputFile('connections'))
  return result
}

function judgeConnections(points: readonly Point[]): Verdict[] {
  const [least, most] = [points[0], points.at(-1)]
  if (least === undefined || most === undefined || least === most) return []
  const mibOf = ({ values: { mib = Number.NaN } }: Point) => mib
  const kib = ((mibOf(most) - mibOf(least)) * 1024) / (most.size - least.size)
  const count = most.size.toLocaleString('en')
  return [
    {
      text: `${count} connections, all asking, take ${Math.round(mibOf(most))} MiB: ${Math.round(kib)} KiB each (at most ${MOST_KIB}), without an error`,
      kept: kib <= MOST_KIB,
    },
  ]
}
