/**
 * What distinct tokens cost: few enough for the cache, then ever new ones, up to a million. They are signed while the
 * gateway rests, on both cores, a portion at a time: a million at once would fill the memory of the load.
 */
import { join } from 'node:path'
import { ALL_CHECKS, checkTarget } from '../checks.ts'
import { missingProgram } from '../row.ts'
import { signerOf, writeTokens } from '../tokens.ts'
import { BODY, FEW_TOKENS } from '../world.ts'
import { EVERYTHING, startGateway } from './gateway-process.ts'
import { FULL, measureGrowing, measureInTurn, scaled } from './rounds.ts'
import type { Point, Section, Verdict } from './section.ts'
import { signOnAllCores } from './sign-tokens.ts'

/** Both fit into one generation of the cache. */
const CACHED = [FEW_TOKENS, 8000]
const SIZES = [50_000, 100_000, 200_000, 500_000, 1_000_000]
/** More than the cache holds, so that none is found there should a portion come round. */
const PORTION = 50_000
/** As long as a portion lasts. */
const SECONDS = 6
/** What the last of a million may cost, in terms of the first that are verified. */
const MOST = 1.1
const MOST_MORE_MIB = 64

export const TOKENS: Section = {
  id: 'tokens',
  title: 'Distinct tokens',
  sizeTitle: 'tokens so far',
  series: [
    { id: 'cpuUs', title: 'CPU for a request', unit: 'CPU µs per request' },
    { id: 'mib', title: 'memory', unit: 'MiB' },
  ],
  footer: [
    'GET with one token after the other: 1,000 and 8,000 are cached, from then on each is verified. Everything on.',
  ],
  missing: () => missingProgram('wrk'),
  async measure(world, scale, say) {
    const id = 'tokens'
    const gateway = await startGateway(world, id, EVERYTHING)
    const load = { connections: 32, path: '/orders/' }
    try {
      await checkTarget({ port: gateway.port, checks: ALL_CHECKS }, world.samples, BODY)
      const points: Point[] = []
      for (const size of CACHED) {
        const tokenFile = join(world.folder, `tokens-${size}.txt`)
        await writeTokens(signerOf(world.issuer), size, tokenFile)
        points.push(
          ...(await measureInTurn(world, [{ size, gateway, id, load: { ...load, tokenFile } }], scaled(FULL, scale))),
        )
        say(`tokens: ${size}`)
      }
      const portion = Math.max(FEW_TOKENS, PORTION * scale)
      const fresh = await measureGrowing(
        world,
        { gateway, id },
        SIZES.map((size) => size * scale),
        async (seen) => {
          const tokenFile = await signOnAllCores(world, portion)
          say(`tokens: ${seen} verified so far`)
          return { load: { ...load, tokenFile }, seconds: Math.max(1, Math.round(SECONDS * scale)), most: portion }
        },
      )
      return [...points, ...fresh]
    } finally {
      await gateway.stop()
    }
  },
  judge: judgeTokens,
}

function judgeTokens(points: readonly Point[]): Verdict[] {
  const fresh = points.filter(({ size }) => !CACHED.includes(size))
  const [first, most] = [fresh[0], fresh.at(-1)]
  if (first === undefined || most === undefined || first === most) return []
  const ratio = (most.values.cpuUs ?? Number.NaN) / (first.values.cpuUs ?? Number.NaN)
  const more = (most.values.mib ?? Number.NaN) - (first.values.mib ?? Number.NaN)
  const counts = [most.size, first.size].map((size) => size.toLocaleString('en'))
  return [
    {
      text: `of ${counts[0]} tokens the last cost ${ratio.toFixed(2)} × the first that are verified (at most ${MOST})`,
      kept: ratio <= MOST,
    },
    {
      text: `${counts[0]} tokens take ${Math.round(more)} MiB more than ${counts[1]} (at most ${MOST_MORE_MIB})`,
      kept: more <= MOST_MORE_MIB,
    },
  ]
}
