/** `npm run soak`: the real program among good and hostile clients, reloads, rotations and faults. Exit code 1: a promise broke. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describeCommit, describeMachine } from '../machine.ts'
import { parseSoakArguments, type SoakArguments, USAGE } from './arguments.ts'
import { createFaultLog } from './faults.ts'
import { type Flatness, judgeFlatness } from './flatness.ts'
import { GOOD_VISITORS } from './good-visitors.ts'
import { HOSTILE_VISITORS } from './hostile-visitors.ts'
import { liveHeapMiB } from './live-heap.ts'
import { FAULTS_IN_A_CYCLE, startDisturbances } from './plan.ts'
import { countDescriptors, createSampler, type Sample } from './samples.ts'
import { saveSoak, toColumns } from './save-soak.ts'
import { openShop, type Shop } from './shop.ts'
import { watchForStarvation } from './starvation.ts'
import { createTally, type Tally } from './tally.ts'
import { startVisits } from './visits.ts'

const ROOT = new URL('../..', import.meta.url).pathname
const SAMPLES = 360
/** A run this long is kept. */
const KEPT_FROM_MINUTES = 30
/** Of the time. */
const STARVED_SHARE = 0.2
/** Descriptors that may be open when all clients are gone, beside those from before they came. */
const SLACK = 3
const REST_WITHIN_MS = 30_000

interface Outcome {
  readonly samples: readonly Sample[]
  /** At the end of each third. */
  readonly liveHeapMiB: readonly number[]
  readonly done: Readonly<Record<string, number>>
  readonly tally: Tally
  readonly complaints: readonly string[]
}

async function soak(shop: Shop, { minutes, cycleMs, smoke }: SoakArguments): Promise<Outcome> {
  const { gateway, upstream } = shop
  const before = countDescriptors(gateway.pid)
  const faults = createFaultLog()
  const tally = createTally(faults, (text) => console.error(`wrong: ${text}`), smoke ? 1 : undefined)
  const sample = createSampler(gateway.pid)
  const disturbances = startDisturbances(shop, faults, cycleMs)
  const starvation = watchForStarvation([gateway.pid, process.pid], faults)
  const visits = startVisits(shop, [...GOOD_VISITORS, ...HOSTILE_VISITORS], tally)
  const samples: Sample[] = []
  const liveHeap: number[] = []
  const everyMs = Math.max(1000, (minutes * 60_000) / SAMPLES)
  const startMs = performance.now()
  // On a busy machine a short soak takes longer: everything has to happen once.
  const hasSeenAll = () => faults.count >= FAULTS_IN_A_CYCLE && disturbances.done.refusedReloads > 0
  while (liveHeap.length < 3 || !hasSeenAll()) {
    await sleep(everyMs)
    samples.push(sample(visits.takeDurations('read')))
    if (samples.length % 24 === 0) console.error(describeProgress(samples.at(-1) as Sample, tally))
    // Garbage is collected at these moments, so that the second and the last third begin alike.
    const thirds = (performance.now() - startMs) / (minutes * 20_000)
    if (liveHeap.length < 3 && thirds >= liveHeap.length + 1) liveHeap.push(await liveHeapMiB(gateway.debuggerUrl))
  }
  await disturbances.stop()
  await visits.stop()
  starvation.stop()
  await shop.rest()
  const left = await untilAtRest(gateway.pid, before + SLACK)
  const errors = [...(await gateway.metrics())].filter(([name]) => /status="500"/.test(name))
  return {
    samples,
    liveHeapMiB: liveHeap,
    tally,
    done: { ...disturbances.done, faults: faults.count, starvedSeconds: Math.round(starvation.seconds) },
    complaints: [
      ...tally.complaints(),
      ...(!smoke && starvation.seconds > minutes * 60 * STARVED_SHARE
        ? ['the machine was too busy for a verdict']
        : []),
      ...disturbances.complaints,
      ...gateway.complaints,
      ...errors.map(([name, count]) => `${name}: ${count}`),
      ...upstream.strangers.map((url) => `reached the service: ${url}`),
      ...(left > before + SLACK ? [`${left} descriptors are open at rest; at the start it were ${before}`] : []),
    ],
  }
}

function describeProgress({ atS, rssMiB, descriptors, cpuPercent, p50Ms, p99Ms }: Sample, { counts }: Tally): string {
  const wrong = [...counts.values()].reduce((sum, count) => sum + count.wrong, 0)
  const figures = [`${rssMiB.toFixed(0)} MiB`, `${descriptors} descriptors`, `${cpuPercent.toFixed(0)} % CPU`]
  const latency = `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`
  return `${(atS / 60).toFixed(1)} min: ${[...figures, latency, `${wrong} wrong`].join(', ')}`
}

/** The descriptors that are open when no more than `atMost` are, or when it has taken too long. */
async function untilAtRest(pid: number, atMost: number): Promise<number> {
  const deadline = performance.now() + REST_WITHIN_MS
  while (countDescriptors(pid) > atMost && performance.now() < deadline) await sleep(100)
  return countDescriptors(pid)
}

function report({ tally, done }: Outcome, flatness: readonly Flatness[]): void {
  for (const [name, count] of tally.counts) console.log(`${name.padEnd(28)} ${JSON.stringify(count)}`)
  console.log(JSON.stringify(done))
  for (const { title, before, after, limit, kept } of flatness) {
    console.log(
      `${kept ? '✓' : '✗'} ${title}: ${before.toFixed(2)}, then ${after.toFixed(2)} (at most ${limit.toFixed(2)})`,
    )
  }
}

async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) return console.log(USAGE)
  const settings = parseSoakArguments(args)
  const [date, commit] = [new Date().toISOString(), describeCommit(ROOT)]
  const shop = await openShop(Math.max(1, settings.cycleMs / 12_000))
  const outcome = await soak(shop, settings)
  const code = await shop.close()
  const flatness = settings.smoke ? [] : judgeFlatness(outcome.samples, outcome.liveHeapMiB)
  report(outcome, flatness)
  if (settings.minutes >= KEPT_FROM_MINUTES) {
    const [machine, visits] = [describeMachine(), Object.fromEntries(outcome.tally.counts)]
    const samples = toColumns(outcome.samples)
    await saveSoak(
      {
        date,
        commit,
        machine,
        minutes: settings.minutes,
        visits,
        done: outcome.done,
        liveHeapMiB: outcome.liveHeapMiB,
        flatness,
        samples,
      },
      ROOT,
    )
  }
  const broken = [
    ...outcome.complaints,
    ...flatness.filter(({ kept }) => !kept).map(({ title }) => `grew: ${title}`),
    ...(code === 0 ? [] : [`the gateway ended with ${code}`]),
  ]
  if (broken.length > 0) throw new Error(broken.join('\n'))
  console.log('all promises held')
}

// What was started is ended with this process, also when that is told to stop.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

await main(process.argv.slice(2)).catch((error: Error) => {
  console.error(`soak: ${error.message}`)
  process.exit(1)
})
