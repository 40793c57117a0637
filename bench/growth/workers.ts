/**
 * What a second worker brings. On a machine of two cores the load needs one of them, so requests a second say little: what
 * counts is the CPU time of all processes for a request, for that is what a core of their own would have to give.
 */
import { ALL_CHECKS, checkTarget } from '../checks.ts'
import { GATEWAY_CORE, LOAD_CORE, type Running } from '../processes.ts'
import { missingProgram } from '../row.ts'
import { BODY } from '../world.ts'
import { EVERYTHING, startGateway } from './gateway-process.ts'
import { type Candidate, FULL, measureInTurn, scaled } from './rounds.ts'
import type { Point, Section, Verdict } from './section.ts'

const SIZES = [1, 2]
/** Times the capacity of one worker, on a core each. */
const LEAST = 1.8
/** Enough for the kernel to spread them about evenly. */
const CONNECTIONS = 128

export const WORKERS: Section = {
  id: 'workers',
  title: 'Workers that share their limits through Redis',
  sizeTitle: 'workers',
  series: [
    { id: 'cpuUs', title: 'CPU of all processes for a request', unit: 'CPU µs per request' },
    { id: 'mib', title: 'memory of all processes', unit: 'MiB' },
  ],
  footer: ['GET with a token of 1,000 that are cached, on 128 connections. Everything on, the limit in Redis.'],
  missing: () =>
    GATEWAY_CORE === LOAD_CORE ? 'it needs two cores' : (missingProgram('wrk') ?? missingProgram('redis-server')),
  async measure(world, scale, say) {
    const running: Running[] = []
    const tokenFile = await world.tokenFile('few')
    const redis = { url: `redis://127.0.0.1:${(await world.redis()).port}` }
    try {
      const candidates: Candidate[] = []
      for (const size of SIZES) {
        const id = `workers-${size}`
        const cores = [GATEWAY_CORE, LOAD_CORE].slice(0, size)
        const change = (file: Record<string, unknown>) => ({ ...file, workers: size, redis })
        const gateway = await startGateway(world, id, EVERYTHING, { cores, change })
        running.push(gateway)
        await checkTarget({ port: gateway.port, checks: ALL_CHECKS }, world.samples, BODY)
        candidates.push({ size, gateway, id, load: { connections: CONNECTIONS, path: '/orders/', tokenFile } })
      }
      say(`workers: ${running.length} gateways run`)
      return await measureInTurn(world, candidates, scaled(FULL, scale))
    } finally {
      await Promise.all(running.map((one) => one.stop()))
    }
  },
  judge: judgeWorkers,
}

function judgeWorkers(points: readonly Point[]): Verdict[] {
  const [one, more] = [points[0], points.at(-1)]
  if (one === undefined || more === undefined || one === more) return []
  const times = (more.size * (one.values.cpuUs ?? Number.NaN)) / (more.values.cpuUs ?? Number.NaN)
  return [
    {
      text: `${more.size} workers do ${times.toFixed(2)} × the work of one, on a core each (at least ${LEAST})`,
      kept: times >= LEAST,
    },
  ]
}
