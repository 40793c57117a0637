/**
 * What a file of many routes costs a request: 10 to 10,000. Requests are spread over all routes; one in two has a
 * parameter in its path, the others end in `**`.
 */
import { ALL_CHECKS, checkTarget } from '../checks.ts'
import type { Running } from '../processes.ts'
import { missingProgram } from '../row.ts'
import { BODY } from '../world.ts'
import { EVERYTHING, startGateway } from './gateway-process.ts'
import { type Candidate, FULL, measureInTurn, scaled } from './rounds.ts'
import type { Point, Section, Verdict } from './section.ts'

const SIZES = [10, 100, 1000, 10_000]
/** What the largest may cost, in terms of the smallest. */
const MOST = 1.05

export const ROUTES: Section = {
  id: 'routes',
  title: 'Routes in the file',
  sizeTitle: 'routes',
  series: [
    { id: 'cpuUs', title: 'CPU for a request', unit: 'CPU µs per request' },
    { id: 'mib', title: 'memory', unit: 'MiB' },
  ],
  footer: ['GET with a token of 1,000 that are cached, to one route after the other. Everything on.'],
  missing: () => missingProgram('wrk'),
  async measure(world, scale, say) {
    const running: Running[] = []
    const tokenFile = await world.tokenFile('few')
    const script = new URL('routes.lua', import.meta.url).pathname
    try {
      const candidates: Candidate[] = []
      for (const size of SIZES) {
        const id = `routes-${size}`
        const gateway = await startGateway(world, id, EVERYTHING, { change: (file) => withRoutes(file, size) })
        running.push(gateway)
        await checkTarget({ port: gateway.port, checks: ALL_CHECKS }, world.samples, BODY)
        candidates.push({ size, gateway, id, load: { connections: 32, path: String(size - 1), tokenFile, script } })
      }
      say(`routes: ${running.length} gateways run`)
      return await measureInTurn(world, candidates, scaled(FULL, scale))
    } finally {
      await Promise.all(running.map((one) => one.stop()))
    }
  },
  judge: judgeRoutes,
}

/** The route that is there already, and one for each of so many teams. */
export function withRoutes(file: Record<string, unknown>, size: number): Record<string, unknown> {
  const [route] = file.routes as [Record<string, unknown>]
  const teams = Array.from({ length: size - 1 }, (_, team) => ({
    ...route,
    path: team % 2 === 0 ? `/orders/team-${team}/{order}` : `/orders/team-${team}/**`,
  }))
  return { ...file, routes: [...teams, route] }
}

function judgeRoutes(points: readonly Point[]): Verdict[] {
  const [least, most] = [points[0], points.at(-1)]
  if (least === undefined || most === undefined || least === most) return []
  const ratio = (most.values.cpuUs ?? Number.NaN) / (least.values.cpuUs ?? Number.NaN)
  return [
    {
      text: `${most.size.toLocaleString('en')} routes cost ${ratio.toFixed(2)} × the CPU of ${least.size} (at most ${MOST})`,
      kept: ratio <= MOST,
    },
  ]
}
