/** A steady stream of requests, as several callers on kept connections would send it. */
import { Agent, request } from 'undici'

export interface Sent {
  readonly caller: number
  readonly status: number
  /** The answer began and did not end. */
  readonly isCut: boolean
  readonly retryAfter: string | undefined
  /** ms since the epoch */
  readonly startedAtMs: number
  /** Until the whole answer was read. */
  readonly durationMs: number
  readonly token: string
}

export interface Traffic {
  /** In the order in which they were answered. A request without an answer counts as status 0. */
  readonly sent: readonly Sent[]
  /** Resolves when every caller has had this many more answers; rejects when that takes too long. */
  more(count: number): Promise<void>
  stop(): Promise<void>
}

export interface TrafficOptions {
  readonly url: string
  readonly callers: number
  /** Asked before each request, one after the other for each caller. */
  readonly token: (caller: number) => string | Promise<string>
  /** Pause between an answer and the next request of the same caller, in ms. */
  readonly pauseMs?: number
}

const ANSWER_TIMEOUT_MS = 5000

export function startTraffic({ url, callers, token, pauseMs = 5 }: TrafficOptions): Traffic {
  const dispatcher = new Agent({ headersTimeout: ANSWER_TIMEOUT_MS, bodyTimeout: ANSWER_TIMEOUT_MS })
  const sent: Sent[] = []
  const counts = new Array<number>(callers).fill(0)
  let ending: Promise<void> | undefined
  let failure: unknown

  async function send(caller: number): Promise<void> {
    const bearer = await token(caller)
    const startedAtMs = Date.now()
    const began = performance.now()
    const answer = await request(url, { dispatcher, headers: { authorization: `Bearer ${bearer}` } }).then(
      async ({ statusCode, headers, body }) => {
        const isCut = await body.text().then(
          () => false,
          () => true,
        )
        return { status: statusCode, isCut, retryAfter: headers['retry-after']?.toString() }
      },
      () => ({ status: 0, isCut: false, retryAfter: undefined }),
    )
    sent.push({ caller, ...answer, startedAtMs, durationMs: performance.now() - began, token: bearer })
    counts[caller] = (counts[caller] ?? 0) + 1
  }

  const loops = counts.map(async (_, caller) => {
    try {
      while (ending === undefined) {
        await send(caller)
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
    } catch (error) {
      failure ??= error
    }
  })

  return {
    sent,
    async more(count) {
      const goals = counts.map((had) => had + count)
      const deadline = Date.now() + 15_000
      while (counts.some((had, caller) => had < (goals[caller] ?? 0))) {
        if (failure !== undefined) throw failure
        if (Date.now() > deadline) throw new Error(`answers so far: ${counts.join(' ')}; wanted ${goals.join(' ')}`)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    },
    stop() {
      ending ??= end()
      return ending
    },
  }

  async function end(): Promise<void> {
    await Promise.all(loops)
    await dispatcher.close()
    if (failure !== undefined) throw failure
  }
}

/** How often each status came. */
export function countStatuses(sent: readonly Pick<Sent, 'status'>[]): Record<number, number> {
  const counts: Record<number, number> = {}
  for (const { status } of sent) counts[status] = (counts[status] ?? 0) + 1
  return counts
}
