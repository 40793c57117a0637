/** How long a program takes from its start to its first good answer. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import { GATEWAY_CORE } from '../processes.ts'

export interface Starting {
  readonly command: readonly string[]
  readonly port: number
  /** Asked for until there is a 200. */
  readonly token: string
}

const RETRY_MS = 1
const DEADLINE_MS = 20_000

/**
 * Milliseconds from before the process is made to the end of its first 200. A connection is tried each millisecond; while
 * it is refused the program has not started. Any other failure throws. `check` runs on the program afterwards, untimed.
 */
export async function timeToFirstAnswer(starting: Starting, check: () => Promise<void>): Promise<number> {
  const [program = '', ...args] = ['taskset', '-c', String(GATEWAY_CORE), ...starting.command]
  const startedMs = performance.now()
  // As in production, and alike for all: nothing that tunes or instruments a Node process is passed on.
  const child = spawn(program, args, {
    stdio: 'ignore',
    env: { PATH: process.env.PATH, NODE_ENV: 'production' },
  })
  const killWithUs = () => child.kill('SIGKILL')
  process.once('exit', killWithUs)
  try {
    const status = await firstStatus(starting, child, startedMs + DEADLINE_MS)
    const ms = performance.now() - startedMs
    if (status !== 200) throw new Error(`the first answer was ${status}`)
    await check()
    return ms
  } finally {
    await end(child)
    process.off('exit', killWithUs)
  }
}

async function firstStatus(starting: Starting, child: ChildProcess, deadlineMs: number): Promise<number> {
  for (;;) {
    const status = await ask(starting)
    if (status !== undefined) return status
    if (child.exitCode !== null || performance.now() > deadlineMs) throw new Error('did not start')
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
}

/** The status when the whole answer is here; undefined: nobody listens. */
function ask({ port, token }: Starting): Promise<number | undefined> {
  const authorization = `Bearer ${token}`
  return new Promise((resolve, reject) => {
    http
      .get({ host: '127.0.0.1', port, path: '/orders/1', agent: false, headers: { authorization } }, (answer) => {
        answer.resume().once('end', () => resolve(answer.statusCode))
      })
      .once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNREFUSED') resolve(undefined)
        else reject(error)
      })
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}
