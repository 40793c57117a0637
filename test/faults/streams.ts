/** Good requests of several kinds, sent all the time. */
import { type Sent, startTraffic, type Traffic } from '../support/traffic.ts'
import type { Answer } from './promises.ts'

/** How many answers each kind had had; undefined: none. */
export type Position = Readonly<Record<string, number>> | undefined

export interface Streams {
  /** Answers of all kinds. */
  readonly count: number
  /** Answers 503 that do not say when to come again. */
  readonly refusedWithoutRetryAfter: number
  position(): Position
  /** The different answers of each kind, sorted. `0`: none. */
  since(position: Position): Record<string, string[]>
  /** Whether each of these has come since. */
  haveShown(position: Position, answers: Readonly<Record<string, readonly Answer[]>>): boolean
  /**
   * Whether the last `count` requests of each caller were served and began after this moment: the moment in which the
   * first of them began. Looks at several, because one alone may be luck.
   */
  servedSince(sinceMs: number, count: number): number | undefined
  /** Resolves when every caller has had this many more answers. */
  more(count: number): Promise<unknown>
  stop(): Promise<void>
}

const PAUSE_MS = 10

export function startStreams(url: string, paths: Readonly<Record<string, string>>, tokens: readonly string[]): Streams {
  const start = (path: string) =>
    startTraffic({
      url: url + path,
      callers: tokens.length,
      token: (caller) => tokens[caller] as string,
      pauseMs: PAUSE_MS,
    })
  const streams = new Map(Object.entries(paths).map(([kind, path]) => [kind, start(path)] as const))
  const map = <T>(read: (sent: Traffic['sent'], kind: string) => T): Record<string, T> =>
    Object.fromEntries([...streams].map(([kind, { sent }]) => [kind, read(sent, kind)]))
  const since = (position: Position) =>
    map((sent, kind) => [...new Set(sent.slice(position?.[kind] ?? 0).map(describe))].toSorted())

  return {
    get count() {
      return [...streams.values()].reduce((sum, { sent }) => sum + sent.length, 0)
    },
    get refusedWithoutRetryAfter() {
      const all = [...streams.values()].flatMap(({ sent }) => sent)
      return all.filter(({ status, retryAfter }) => status === 503 && !(Number(retryAfter) >= 1)).length
    },
    position: () => map((sent) => sent.length),
    since,
    haveShown(position, answers) {
      const seen = since(position)
      return Object.entries(answers).every(([kind, each]) => each.every((one) => seen[kind]?.includes(String(one))))
    },
    servedSince(sinceMs, count) {
      const runs = [...streams.values()].flatMap(({ sent }) => tokens.map((_, caller) => lastGood(sent, caller)))
      const since = runs.map((run) => run.filter(({ startedAtMs }) => startedAtMs >= sinceMs))
      if (since.some(({ length }) => length < count)) return undefined
      return Math.max(...since.map((run) => run.at(-1)?.startedAtMs ?? 0))
    },
    more: (count) => Promise.all([...streams.values()].map((stream) => stream.more(count))),
    async stop() {
      for (const stream of streams.values()) await stream.stop()
    },
  }
}

function describe({ status, isCut }: Sent): string {
  return isCut ? 'cut' : String(status)
}

/** What a caller was served last, without a failure between; the latest first. */
function lastGood(sent: readonly Sent[], caller: number): Sent[] {
  const own = sent.filter((one) => one.caller === caller).toReversed()
  const failed = own.findIndex(({ status, isCut }) => status !== 200 || isCut)
  return failed === -1 ? own : own.slice(0, failed)
}
