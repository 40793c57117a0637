/** What a counted process says about itself when it is asked. */
import fs from 'node:fs'
import { IncomingMessage } from 'node:http'
import { flushCompileCache } from 'node:module'
import { GCProfiler, queryObjects } from 'node:v8'

/** Says that it stands still, and goes on after one byte. */
const GATE = 4

/** What happened in the heap, in bytes but for the first. */
export interface Collected {
  /** Collections of the young generation. */
  readonly collections: number
  readonly allocated: number
  /** Was still in use after a collection of the young generation; the same bytes at most twice. */
  readonly survived: number
  /** Went to the old generation, or began in it. */
  readonly aged: number
}

type Answers = Readonly<Record<string, () => unknown>>

export function answerQuestions(counts: Readonly<Record<string, number>>): void {
  let profiler = new GCProfiler()
  let usedBefore = 0
  const answers: Answers = {
    // What was compiled is stored now: it is not ended in good order.
    compiled: flushCompileCache,
    counts: () => counts,
    /** Reads no socket until the byte comes. */
    stand() {
      fs.writeSync(GATE, '.')
      fs.readSync(GATE, Buffer.alloc(1))
    },
    watchCollections() {
      profiler = new GCProfiler()
      profiler.start()
      usedBefore = process.memoryUsage().heapUsed
    },
    collections: () => collected(profiler.stop(), process.memoryUsage().heapUsed - usedBefore),
    objects: countObjects,
  }
  process.on('message', async (question: string) => process.send?.({ question, answer: await answers[question]?.() }))
  // Whoever asks does not keep it from ending.
  process.channel?.unref()
  process.on('disconnect', () => process.exit())
}

type Profile = NonNullable<ReturnType<GCProfiler['stop']>>

/** Survivors are those of scavenges alone: a full collection looks at what is old as well. */
function collected(profile: Profile | undefined, growth: number): Collected {
  const all = profile?.statistics ?? []
  const scavenges = all.filter(({ gcType }) => gcType === 'Scavenge')
  const freed = sum(all.map(({ beforeGC, afterGC }) => usedIn(beforeGC) - usedIn(afterGC)))
  const promoted = scavenges.map(({ beforeGC, afterGC }) => usedIn(afterGC, OLD) - usedIn(beforeGC, OLD))
  const bornOld = all.slice(1).map(({ beforeGC }, i) => usedIn(beforeGC, OLD) - usedIn((all[i] as Event).afterGC, OLD))
  return {
    collections: scavenges.length,
    allocated: growth + freed,
    survived: sum(scavenges.map(({ afterGC }) => usedIn(afterGC, 'new_space'))) + sum(promoted),
    aged: sum(promoted) + sum(bornOld),
  }
}

type Event = Profile['statistics'][number]

const OLD = 'old_space'

/** Bytes, of one space or of all. */
function usedIn({ heapStatistics, heapSpaceStatistics }: Event['afterGC'], name?: string): number {
  if (name === undefined) return heapStatistics.usedHeapSize
  return heapSpaceStatistics.find(({ spaceName }) => spaceName === name)?.spaceUsedSize ?? 0
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0)
}

/** Objects alive after a full collection, by class. */
async function countObjects(): Promise<Record<string, number>> {
  const count = (one: unknown) => queryObjects(one as new () => unknown, { format: 'count' })
  const counts: Record<string, number> = {
    IncomingMessage: count(IncomingMessage),
  }
  for (const [file, name] of CLASSES) {
    const module = await import(new URL(`../../src/${file}`, import.meta.url).href)
    counts[name] = count(module[name])
  }
  return counts
}

/** What all else that is made for a request hangs on. To find one costs a full collection, so it is not all that there is. */
const CLASSES = [
  ['http/client-connection.ts', 'ClientConnection'],
  ['http/exchange.ts', 'Exchange'],
  ['visit.ts', 'Visit'],
  ['errors.ts', 'GatewayError'],
  ['forwarding/transfer.ts', 'Transfer'],
  ['forwarding/upstream-exchange.ts', 'UpstreamExchange'],
] as const
