/** One round of load with `wrk`, and what it saw. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { LOAD_CORE } from './processes.ts'

export interface Load {
  readonly port: number
  readonly connections: number
  /** Whole seconds: `wrk` knows no less. */
  readonly seconds: number
  /** Path up to the number that each request ends in. */
  readonly path: string
  /** One token a line, sent in turn from `firstToken` on; without a file no token is sent. */
  readonly tokenFile?: string
  readonly firstToken?: number
  /** An answer that takes longer is an error; default is 5. */
  readonly timeoutSeconds?: number
  /** For wrk; default is wrk.lua. Takes the same arguments and prints the same result. */
  readonly script?: string
}

/** Requests that did not go as they must: answers from 400 on, and what happened to sockets. */
export interface LoadErrors {
  readonly status: number
  readonly connect: number
  readonly read: number
  readonly write: number
  readonly timeout: number
}

export interface LoadResult {
  readonly requests: number
  readonly seconds: number
  /** Bytes of all answers with their heads. */
  readonly bytes: number
  /** Milliseconds. */
  readonly latency: { readonly p50: number; readonly p99: number; readonly p999: number; readonly max: number }
  readonly errors: LoadErrors
}

const SCRIPT = new URL('wrk.lua', import.meta.url).pathname

export async function runLoad(load: Load): Promise<LoadResult> {
  const { stdout } = await promisify(execFile)('taskset', [
    ...['-c', String(LOAD_CORE), 'wrk', '-t1', `-c${load.connections}`, `-d${load.seconds}s`],
    ...['--timeout', `${load.timeoutSeconds ?? 5}s`],
    ...['-s', load.script ?? SCRIPT, `http://127.0.0.1:${load.port}`, '--'],
    ...[load.tokenFile ?? '-', String(load.firstToken ?? 0), load.path],
  ])
  return parseLoadResult(stdout)
}

/** Reads the line that `wrk.lua` prints; throws when there is none. */
export function parseLoadResult(output: string): LoadResult {
  const line = /^RESULT (\{.*\})$/m.exec(output)?.[1]
  if (line === undefined) throw new Error(`wrk printed no result:\n${output}`)
  const { requests, us, bytes, p50, p99, p999, max, ...errors } = JSON.parse(line) as Record<string, number>
  const toMs = (value = 0) => value / 1000
  return {
    requests: requests ?? 0,
    seconds: (us ?? 0) / 1e6,
    bytes: bytes ?? 0,
    latency: { p50: toMs(p50), p99: toMs(p99), p999: toMs(p999), max: toMs(max) },
    errors: errors as unknown as LoadErrors,
  }
}

export function countErrors(errors: LoadErrors): number {
  return errors.status + errors.connect + errors.read + errors.write + errors.timeout
}
