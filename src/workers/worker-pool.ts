/** The workers: all started, changed and ended together. */
import type { AddressInfo } from 'node:net'
import type { ProcessLook } from '../console/process-look.ts'
import { mergeSnapshots } from '../observability/metrics-snapshot.ts'
import type { Report, Start } from './messages.ts'
import type { WorkerLink } from './worker-link.ts'
import { createWorkerSlot, type SlotOptions, type WorkerSlot } from './worker-slot.ts'

export interface PoolOptions extends Pick<SlotOptions, 'fork' | 'logger' | 'metrics' | 'firstDelayMs'> {
  readonly size: number
  /** What a worker that starts now is told. @param first where the first one listens */
  readonly toStart: (first: AddressInfo | undefined, worker: number) => Start
}

export interface WorkerPool {
  /** Rejects when a worker cannot start; all are gone then. */
  start(): Promise<AddressInfo>
  /** Runs `change` over all workers that listen; none starts meanwhile. */
  together(change: (links: readonly WorkerLink[]) => Promise<void>): Promise<void>
  /** Of all workers. */
  report(): Promise<Report>
  /** Of those that answer. */
  look(): Promise<readonly ProcessLook[]>
  /** Ends all workers; a request has `graceMs` to finish. */
  drain(graceMs: number): Promise<void>
  /** Resolves when workers end again and again before they listen. */
  readonly givenUp: Promise<string>
}

export function createWorkerPool({ size, toStart, ...rest }: PoolOptions): WorkerPool {
  const givenUp = Promise.withResolvers<string>()
  let first: AddressInfo | undefined
  let last: Promise<unknown> = Promise.resolve()
  let slots: readonly WorkerSlot[] = []

  function forkOne(_: unknown, index: number): WorkerSlot {
    return createWorkerSlot({
      ...rest,
      number: index + 1,
      toStart: () => toStart(first, index + 1),
      inTurn,
      onGivenUp: () => givenUp.resolve('workers end again and again before they listen'),
    })
  }

  /** Starts and changes take turns, so that no worker starts with a text that is replaced meanwhile. */
  function inTurn(run: () => Promise<void>): Promise<void> {
    const result = last.then(run)
    last = result.catch(() => {})
    return result
  }

  return {
    async start() {
      slots = Array.from({ length: size }, forkOne)
      try {
        // All processes come up meanwhile; the first one finds the port, or finds it taken.
        first = await slots[0]?.start()
        await Promise.all(slots.slice(1).map((slot) => slot.start()))
      } catch (error) {
        await Promise.all(slots.map((slot) => slot.kill()))
        throw error
      }
      for (const slot of slots) slot.keep()
      return first as AddressInfo
    },
    together: (change) => inTurn(() => change(slots.flatMap((slot) => slot.ready() ?? []))),
    async report() {
      const reports = await Promise.all(slots.map((slot) => slot.report()))
      return {
        notReady: [...new Set(reports.flatMap(({ notReady }) => notReady))],
        metrics: mergeSnapshots(reports.map(({ metrics }) => metrics)),
      }
    },
    look: async () => (await Promise.all(slots.map((slot) => slot.look()))).filter((look) => look !== undefined),
    async drain(graceMs) {
      await Promise.all(slots.map((slot) => slot.drain(graceMs)))
    },
    givenUp: givenUp.promise,
  }
}
