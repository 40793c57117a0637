/**
 * What good requests keep of their throughput while an attacker asks for refusals.
 *
 * Good load: 1,000 cached tokens from 32 connections, in a closed loop (a connection asks again when it has its answer).
 * Attack: as many connections beside it, in a closed loop too, at the same gateway on the same core. A gateway that
 * treats all connections alike then gives each side half of its turns, and good requests keep half of their throughput
 * when a refusal costs at most what a good request does. Each round measures the good load alone and beside every
 * attack; its ratio is of that round.
 *
 * Everything is on, and a limit by client address before authentication, which counts each request and is never reached:
 * an operator who sets one that is reached does better. Load, attack and upstream share the other core.
 */
import { truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type BarChart, drawBarChart } from '../bar-chart.ts'
import { ALL_CHECKS, checkTarget } from '../checks.ts'
import { rssMiBOf } from '../cpu.ts'
import { countErrors, type Load, type LoadResult, runLoad } from '../load.ts'
import type { Running } from '../processes.ts'
import { missingProgram } from '../row.ts'
import { median } from '../statistics.ts'
import { BODY, type World } from '../world.ts'
import { ADDRESSES_SCRIPT, withAddressLimit } from './addresses.ts'
import { type BadToken, badTokens } from './attack-tokens.ts'
import { EVERYTHING, startGateway } from './gateway-process.ts'
import type { Point, Section, Verdict } from './section.ts'

type Attack = BadToken | 'addresses'

/** In the order of their points; the size of a point is the place in this list. */
export const ATTACKS: readonly { readonly kind: Attack | 'none'; readonly title: string }[] = [
  { kind: 'none', title: 'good requests alone' },
  { kind: 'garbage', title: 'beside garbage tokens' },
  { kind: 'unknownKid', title: 'beside tokens of unknown keys' },
  { kind: 'addresses', title: 'beside 1,000,000 client addresses' },
  { kind: 'badSignature', title: 'beside tokens with a bad signature' },
]

const ROUNDS = 3
const SECONDS = 3
const CONNECTIONS = 32
const BAD_TOKENS = 10_000
const ADDRESSES = 1_000_000
/** What good requests keep, at least. */
const SHARE = 0.5
/** More than this, and the windows of a million addresses are not bounded: the limiter holds 200,000. */
const MOST_MIB = 600
/** Until all connections of the attack are open and asking. */
const LEAD_MS = 700

interface Stand {
  readonly world: World
  readonly gateway: Running
  readonly seconds: number
  nextAddress: number
}

interface Sample {
  readonly good: number
  readonly attack: number
  readonly share: number
}

export const ATTACK: Section = {
  id: 'attack',
  title: 'Good requests beside an attack on the same core',
  sizeTitle: 'kind of attack',
  series: [
    { id: 'good', title: 'good requests', unit: 'req/s' },
    // Of all its time, which is a little more than that of the good requests.
    { id: 'attack', title: 'refused requests', unit: 'req/s' },
    { id: 'share', title: 'good requests, of those alone', unit: '×' },
    { id: 'mib', title: 'memory', unit: 'MiB' },
  ],
  missing: () => missingProgram('wrk'),
  async measure(world, scale, say) {
    const gateway = await startGateway(world, 'attack', EVERYTHING, { change: withAddressLimit })
    try {
      await checkTarget({ port: gateway.port, checks: ALL_CHECKS }, world.samples, BODY)
      return await measureAttacks(
        { world, gateway, seconds: Math.max(1, Math.round(SECONDS * scale)), nextAddress: 0 },
        scale,
        say,
      )
    } finally {
      await gateway.stop()
    }
  },
  judge: judgeAttack,
  footer: [
    `${CONNECTIONS} connections with good requests and ${CONNECTIONS} with the attack, all asking again as soon as they are answered.`,
    'Everything on: token, scope, limits by user and by client address in memory, access log. Load and attack share a core.',
  ],
  draw: (points, footer) => drawBarChart(toChart(points, footer)),
}

async function measureAttacks(stand: Stand, scale: number, say: (text: string) => void): Promise<Point[]> {
  const { world, gateway } = stand
  await runGood(stand, 2 * stand.seconds)
  while (stand.nextAddress < ADDRESSES * scale) await runAttack(stand, 'addresses', 5 * stand.seconds)
  say(`${stand.nextAddress.toLocaleString('en')} client addresses were refused`)
  const samples = new Map<Attack | 'none', Sample[]>(ATTACKS.map(({ kind }) => [kind, []]))
  const mib = new Map<Attack | 'none', number>()
  for (let round = 0; round < Math.max(1, Math.round(ROUNDS * scale)); round++) {
    const { requests, seconds } = await runGood(stand, stand.seconds)
    const alone = requests / seconds
    for (const { kind } of ATTACKS) {
      const sample = kind === 'none' ? { good: alone, attack: 0, share: 1 } : await runBoth(stand, kind, alone)
      samples.get(kind)?.push(sample)
      mib.set(kind, Math.max(mib.get(kind) ?? 0, rssMiBOf(gateway.pid)))
    }
    await truncate(world.outputFile('attack'))
    say(`attack: round ${round + 1}`)
  }
  return ATTACKS.map(({ kind }, index) => {
    const rounds = samples.get(kind) ?? []
    const middle = (id: keyof Sample) => median(rounds.map((sample) => sample[id]))
    return {
      size: index + 1,
      values: { good: middle('good'), attack: middle('attack'), share: middle('share'), mib: mib.get(kind) ?? 0 },
    }
  })
}

/** The attack begins before the good requests and ends after them. */
async function runBoth(stand: Stand, kind: Attack, alone: number): Promise<Sample> {
  const attack = runAttack(stand, kind, stand.seconds + 1)
  await sleep(LEAD_MS)
  const good = await runGood(stand, stand.seconds)
  const refused = await attack
  const perSecond = good.requests / good.seconds
  return { good: perSecond, attack: refused.requests / refused.seconds, share: perSecond / alone }
}

async function runGood({ world, gateway }: Stand, seconds: number): Promise<LoadResult> {
  const tokenFile = await world.tokenFile('few')
  const load = { port: gateway.port, connections: CONNECTIONS, seconds, path: '/orders/', tokenFile }
  const result = await runLoad(load)
  if (countErrors(result.errors) > 0) throw new Error(`attack: good requests failed: ${JSON.stringify(result.errors)}`)
  return result
}

/** Throws unless each request of it is refused. */
async function runAttack(stand: Stand, kind: Attack, seconds: number): Promise<LoadResult> {
  const load = { port: stand.gateway.port, connections: CONNECTIONS, seconds, path: '/orders/' }
  const result = await runLoad({ ...load, ...(await weaponOf(stand, kind)) })
  if (result.errors.status < result.requests) throw new Error(`attack: ${kind} was not always refused`)
  stand.nextAddress += kind === 'addresses' ? result.requests + CONNECTIONS : 0
  return result
}

async function weaponOf({ world, nextAddress }: Stand, kind: Attack): Promise<Partial<Load>> {
  if (kind === 'addresses') return { script: ADDRESSES_SCRIPT, firstToken: nextAddress }
  const tokenFile = join(world.folder, `attack-${kind}.txt`)
  await writeFile(tokenFile, `${badTokens(kind, world.samples.good, BAD_TOKENS).join('\n')}\n`)
  return { tokenFile }
}

function judgeAttack(points: readonly Point[]): Verdict[] {
  const attacks = points.filter(({ size }) => size > 1)
  const shares = attacks.map(({ size, values: { share = 0, good = 0 } }) => ({
    text: `${titleOf(size)}, good requests keep ${share.toFixed(2)} of their throughput: ${Math.round(good).toLocaleString('en')} req/s (at least ${SHARE})`,
    kept: share >= SHARE,
  }))
  const mib = Math.max(...points.map(({ values }) => values.mib ?? Number.POSITIVE_INFINITY))
  return [...shares, { text: `${Math.round(mib)} MiB after all attacks (at most ${MOST_MIB})`, kept: mib <= MOST_MIB }]
}

function toChart(points: readonly Point[], footer: readonly string[]): BarChart {
  return {
    title: 'Good requests per second beside an attack on the same core (more is better)',
    // Room for the notes.
    longest: 1.15 * Math.max(...points.map(({ values }) => values.good ?? 0)),
    bars: points.map(({ size, values: { good = 0, attack = 0, share = 0 } }) => ({
      label: titleOf(size),
      value: good,
      note: size === 1 ? '' : `${share.toFixed(2)} ×; ${Math.round(attack).toLocaleString('en')} refused/s`,
      kind: size === 1 ? 'gateway' : 'chosen',
    })),
    footer,
  }
}

function titleOf(size: number): string {
  return ATTACKS[size - 1]?.title ?? ''
}
