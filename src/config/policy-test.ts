/** The `tests:` of a file, as the tools that run them use them. */
import type { Place } from './problem.ts'

/** A request, and the answer that the file says it gets. */
export interface PolicyTest {
  /** Where it stands, for messages. */
  readonly place: Place
  readonly name?: string
  readonly method: string
  /** Path and query, as a client would send them. */
  readonly target: string
  /** Request fields beside the token, flat: names and values. */
  readonly headers: readonly string[]
  /** Address the request comes from. */
  readonly client: string
  /** Claims of the token; absent: there is none. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** Text of the body; absent: what the route asks for. */
  readonly body?: string
  readonly expect: TestExpectation
}

export interface TestExpectation {
  /** 200 to 299: the request is let through. */
  readonly status: number
  /** Scopes that the 403 asks for and the token lacks. */
  readonly missing?: readonly string[]
  /** Path of the route that takes the request, as the file has it. */
  readonly route?: string
  /** Allow line that lets it through, from 1. */
  readonly line?: number | 'public'
  /** Name of the upstream. */
  readonly upstream?: string
  /** Path and query that the upstream gets. */
  readonly path?: string
  /** Identity field → value that the upstream gets; null: it does not get this field. */
  readonly fields?: Readonly<Record<string, string | null>>
}
