/** A worker process as the primary sees it. */
import cluster, { type Worker } from 'node:cluster'
import { type Answered, type Question, type Report, type Talk, toError } from './messages.ts'
import { createWholeLines } from './whole-lines.ts'

export interface WorkerLink {
  readonly pid: number
  /** Rejects with what went wrong in the worker, when it ends before it answers, or when the time is up. */
  ask<Q extends Question>(question: Q, brings: Talk[Q]['brings'], timeoutMs: number): Promise<Talk[Q]['answer']>
  /** What it answered to the last `report` or `drain`. */
  lastReport(): Report | undefined
  /** Resolves when the process is gone and all it wrote was passed on. */
  readonly ended: Promise<End>
  kill(): void
}

export interface End {
  readonly exitCode: number | null
  readonly signal: string | null
}

interface Pending {
  readonly resolve: (answer: never) => void
  readonly reject: (error: Error) => void
}

/** Starts a process; it does nothing before `start`. @param log gets whole lines */
export function forkWorker(log: (lines: string) => void): WorkerLink {
  // Where the kernel does not spread connections, the primary does, on every system.
  cluster.schedulingPolicy = cluster.SCHED_RR
  cluster.setupPrimary({ args: ['worker'], stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  return createLink(cluster.fork(), log)
}

function createLink(worker: Worker, log: (lines: string) => void): WorkerLink {
  const { process: child } = worker
  const pending = new Map<number, Pending>()
  let lastId = 0
  let lastReport: Report | undefined
  const ended = Promise.withResolvers<End>()
  child.stdout?.on('data', createWholeLines(log))
  child.once('close', (exitCode, signal) => {
    for (const { reject } of pending.values()) reject(new Error('a worker ended'))
    pending.clear()
    ended.resolve({ exitCode, signal })
  })
  // Sending to a worker that has just ended; `close` tells the rest.
  worker.on('error', () => {})
  worker.on('message', (answered: Answered) => {
    const { resolve, reject } = pending.get(answered.id) ?? {}
    pending.delete(answered.id)
    if ('failure' in answered) {
      reject?.(toError(answered.failure))
      return
    }
    if (answered.answer !== null && 'metrics' in answered.answer) lastReport = answered.answer
    resolve?.(answered.answer as never)
  })

  return {
    pid: child.pid ?? 0,
    ask(question, brings, timeoutMs) {
      const id = ++lastId
      const { promise, resolve, reject } = Promise.withResolvers<Talk[typeof question]['answer']>()
      const timer = setTimeout(() => reject(new Error('a worker does not answer')), timeoutMs)
      const settled = promise.finally(() => {
        clearTimeout(timer)
        pending.delete(id)
      })
      if (worker.isDead() || !worker.isConnected()) reject(new Error('a worker ended'))
      else {
        pending.set(id, { resolve, reject })
        worker.send({ id, question, brings })
      }
      return settled
    },
    lastReport: () => lastReport,
    ended: ended.promise,
    kill: () => void child.kill('SIGKILL'),
  }
}
