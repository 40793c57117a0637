/**
 * What the lines of `allow` cost a request: 1 to 100 on its route, of which the last one lets it through. Each line before it
 * asks for a scope that the token lacks.
 */
import { ALL_CHECKS, checkTarget } from '../checks.ts'
import type { Running } from '../processes.ts'
import { missingProgram } from '../row.ts'
import { BODY } from '../world.ts'
import { EVERYTHING, startGateway } from './gateway-process.ts'
import { type Candidate, FULL, measureInTurn, scaled } from './rounds.ts'
import type { Point, Section, Verdict } from './section.ts'

const SIZES = [1, 3, 10, 30, 100]
/** What a line more may cost: it looks up one scope. */
const MOST_US = 0.1

export const ALLOW: Section = {
  id: 'allow',
  title: 'Lines of `allow` on the route, of which the last lets the request through',
  sizeTitle: 'lines of `allow`',
  series: [{ id: 'cpuUs', title: 'CPU for a request', unit: 'CPU µs per request' }],
  footer: ['GET with a token of 1,000 that are cached. Everything on.'],
  missing: () => missingProgram('wrk'),
  async measure(world, scale, say) {
    const running: Running[] = []
    const tokenFile = await world.tokenFile('few')
    try {
      const candidates: Candidate[] = []
      for (const size of SIZES) {
        const id = `allow-${size}`
        const gateway = await startGateway(world, id, EVERYTHING, { change: (file) => withLines(file, size) })
        running.push(gateway)
        await checkTarget({ port: gateway.port, checks: ALL_CHECKS }, world.samples, BODY)
        candidates.push({ size, gateway, id, load: { connections: 32, path: '/orders/', tokenFile } })
      }
      say(`allow: ${running.length} gateways run`)
      return await measureInTurn(world, candidates, scaled(FULL, scale))
    } finally {
      await Promise.all(running.map((one) => one.stop()))
    }
  },
  judge: judgeAllow,
}

export function withLines(file: Record<string, unknown>, size: number): Record<string, unknown> {
  const [route] = file.routes as [{ readonly allow: readonly object[] }]
  const others = Array.from({ length: size - 1 }, (_, index) => ({ methods: ['GET'], scopes: `orders:read-${index}` }))
  return { ...file, routes: [{ ...route, allow: [...others, ...route.allow] }] }
}

function judgeAllow(points: readonly Point[]): Verdict[] {
  const [least, most] = [points[0], points.at(-1)]
  if (least === undefined || most === undefined || least === most) return []
  const us = ((most.values.cpuUs ?? Number.NaN) - (least.values.cpuUs ?? Number.NaN)) / (most.size - least.size)
  return [
    {
      text: `a line more costs ${us.toFixed(2)} µs, up to ${most.size} of them (at most ${MOST_US})`,
      kept: us <= MOST_US,
    },
  ]
}
