/** What a counted process says about itself when it is asked. */
import fs from 'node:fs'
import { IncomingMessage, ServerResponse } from 'node:http'
import { GCProfiler, queryObjects } from 'node:v8'

/** Says that it stands still, and goes on after one byte. */
const GATE = 4

export interface Collected {
  readonly collections: number
  /** Bytes that were still in use after them, in all. */
  readonly survived: number
  /** Bytes that were allocated. */
  readonly allocated: number
}

type Answers = Readonly<Record<string, () => unknown>>

export function answerQuestions(counts: Readonly<Record<string, number>>): void {
  let profiler = new GCProfiler()
  let usedBefore = 0
  const answers: Answers = {
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
}

type Profile = NonNullable<ReturnType<GCProfiler['stop']>>

/** Of scavenges alone: a full collection looks at what is old as well. */
function collected(profile: Profile | undefined, growth: number): Collected {
  const scavenges = (profile?.statistics ?? []).filter(({ gcType }) => gcType === 'Scavenge')
  let survived = 0
  let freed = 0
  for (const { beforeGC, afterGC } of profile?.statistics ?? [])
    freed += beforeGC.heapStatistics.usedHeapSize - afterGC.heapStatistics.usedHeapSize
  for (const { beforeGC, afterGC } of scavenges) {
    const promoted = spaceOf(afterGC, 'old_space') - spaceOf(beforeGC, 'old_space')
    survived += spaceOf(afterGC, 'new_space') + Math.max(0, promoted)
  }
  return { collections: scavenges.length, survived, allocated: growth + freed }
}

type Heap = Profile['statistics'][number]['afterGC']

function spaceOf({ heapSpaceStatistics }: Heap, name: string): number {
  return heapSpaceStatistics.find(({ spaceName }) => spaceName === name)?.spaceUsedSize ?? 0
}

/** Objects alive after a full collection, by class. */
async function countObjects(): Promise<Record<string, number>> {
  const count = (one: unknown) => queryObjects(one as new () => unknown, { format: 'count' })
  const counts: Record<string, number> = {
    IncomingMessage: count(IncomingMessage),
    ServerResponse: count(ServerResponse),
  }
  for (const [file, name] of CLASSES) {
    const module = await import(new URL(`../../src/${file}`, import.meta.url).href)
    counts[name] = count(module[name])
  }
  return counts
}

/** All that is made for a request and has a name. */
const CLASSES = [
  ['http/exchange.ts', 'Exchange'],
  ['visit.ts', 'Visit'],
  ['errors.ts', 'GatewayError'],
  ['forwarding/transfer.ts', 'Transfer'],
  ['forwarding/attempts.ts', 'Attempts'],
  ['forwarding/silence-timer.ts', 'SilenceTimer'],
  ['forwarding/request-body.ts', 'RequestBody'],
  ['forwarding/upstream-exchange.ts', 'UpstreamExchange'],
  ['forwarding/answer-head.ts', 'AnswerHead'],
  ['rate-limiting/batch.ts', 'Check'],
] as const
