/**
 * What ever more keys cost the limiter in memory: each request comes from another client address, and each is counted by
 * its address and by its user. The windows hold 200,000 keys; what has not been used for longest gives way.
 */
import { ALL_CHECKS, checkTarget } from '../checks.ts'
import { missingProgram } from '../row.ts'
import { BODY } from '../world.ts'
import { ADDRESSES_SCRIPT, withAddressLimit } from './addresses.ts'
import { EVERYTHING, startGateway } from './gateway-process.ts'
import { FULL, measureGrowing, measureInTurn, scaled } from './rounds.ts'
import type { Point, Section, Verdict } from './section.ts'

const SIZES = [50_000, 100_000, 200_000, 400_000, 1_000_000]
const SECONDS = 1
const CONNECTIONS = 32
/** The 200,000 windows with their keys, and what V8 leaves uncollected of those that gave way; without a bound it is more. */
const MOST_MIB = 450
/** What a request with a new key may cost, in terms of one with a known key. */
const MOST = 1.5

export const LIMITER_KEYS: Section = {
  id: 'limiter-keys',
  title: 'Client addresses, each with a window of the limiter in memory',
  sizeTitle: 'addresses so far',
  series: [
    { id: 'cpuUs', title: 'CPU for a request', unit: 'CPU µs per request' },
    { id: 'mib', title: 'memory', unit: 'MiB' },
  ],
  footer: ['GET with a token of 1,000 that are cached; from 50,000 on each request from an address not seen before.'],
  missing: () => missingProgram('wrk'),
  async measure(world, scale, say) {
    const id = 'limiter-keys'
    const gateway = await startGateway(world, id, EVERYTHING, { change: withAddressLimit })
    try {
      await checkTarget({ port: gateway.port, checks: ALL_CHECKS }, world.samples, BODY)
      const load = { connections: CONNECTIONS, path: '/orders/', tokenFile: await world.tokenFile('few') }
      const known = await measureInTurn(world, [{ size: 1, gateway, id, load }], scaled(FULL, scale))
      say('limiter-keys: one address')
      const sizes = SIZES.map((size) => size * scale)
      const fresh = await measureGrowing(world, { gateway, id }, sizes, async (seen) => ({
        load: { ...load, script: ADDRESSES_SCRIPT, firstToken: seen + CONNECTIONS },
        seconds: SECONDS,
        most: Number.POSITIVE_INFINITY,
      }))
      return [...known, ...fresh]
    } finally {
      await gateway.stop()
    }
  },
  judge: judgeKeys,
}

function judgeKeys(points: readonly Point[]): Verdict[] {
  const [least, most] = [points[0], points.at(-1)]
  if (least === undefined || most === undefined || least === most) return []
  const ratio = (most.values.cpuUs ?? Number.NaN) / (least.values.cpuUs ?? Number.NaN)
  const mib = most.values.mib ?? Number.NaN
  return [
    {
      text: `a request with a new key costs ${ratio.toFixed(2)} × one with a known key (at most ${MOST})`,
      kept: ratio <= MOST,
    },
    {
      text: `after ${most.size.toLocaleString('en')} keys the gateway has ${Math.round(mib)} MiB (at most ${MOST_MIB})`,
      kept: mib <= MOST_MIB,
    },
  ]
}
