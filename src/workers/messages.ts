/**
 * What the primary and its workers say to each other. The text of the file travels, as it is written, and nothing that is
 * put in its place: each worker reads environment and secrets by itself.
 */
import type { AddressInfo } from 'node:net'
import type { ProcessLook } from '../console/process-look.ts'
import type { PortSharing } from '../http/port-sharing.ts'
import type { MetricsSnapshot } from '../observability/metrics-snapshot.ts'

/** What was read; the files on the disk may be newer, and bad. */
export interface Texts {
  readonly text: string
  /** Schema files that it names. */
  readonly schemas: readonly (readonly [name: string, text: string | undefined])[]
}

/** With the file in force. */
export interface Start extends Texts {
  readonly configFile: string
  readonly port: number
  readonly sharing: PortSharing
  /** Workers that share what the file allows the gateway. */
  readonly workers: number
  /** Its place among them, from 1; one that replaces it has the same. */
  readonly worker: number
  readonly pseudonym: string
}

export interface Report {
  /** What keeps the worker from serving; empty when nothing does. */
  readonly notReady: readonly string[]
  readonly metrics: MetricsSnapshot
}

/** Question → what it brings and what is answered. */
export interface Talk {
  /** Begins to listen. */
  start: { readonly brings: Start; readonly answer: AddressInfo }
  /** Builds all that a new file needs, and changes nothing. */
  prepare: { readonly brings: Texts; readonly answer: { readonly fingerprint: string } }
  /** Puts in force what was prepared. */
  commit: { readonly brings: null; readonly answer: null }
  abort: { readonly brings: null; readonly answer: null }
  report: { readonly brings: null; readonly answer: Report }
  /** What the console shows of it. */
  look: { readonly brings: null; readonly answer: ProcessLook }
  /** Stops listening and lets requests in flight finish; the last answer of a worker, which then ends. */
  drain: { readonly brings: null; readonly answer: Report }
}

export type Question = keyof Talk

export interface Asked<Q extends Question = Question> {
  readonly id: number
  readonly question: Q
  readonly brings: Talk[Q]['brings']
}

export type Answered = { readonly id: number } & (
  | { readonly answer: Talk[Question]['answer'] }
  | { readonly failure: Failure }
)

/** An error on its way to the primary. */
export interface Failure {
  readonly message: string
  readonly code?: string
  readonly port?: number
}

export function toFailure(error: unknown): Failure {
  const { message, code, port } = error as NodeJS.ErrnoException & { port?: number }
  return { message, ...(code !== undefined && { code }), ...(port !== undefined && { port }) }
}

export function toError({ message, ...rest }: Failure): Error {
  return Object.assign(new Error(message), rest)
}
