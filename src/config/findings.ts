/** What may be found in a file that loads, and which of it the file itself accepts. */
import type { Problem } from './problem.ts'

/** Stable: files name them. */
export const ACCEPTABLE_CODES = [
  'audience-account',
  'issuer-slash',
  'limit-key-chosen',
  'limit-key-missing',
  'limit-left-out',
  'line-redundant',
  'line-unreachable',
  'literal-colon',
  'login-without-tls',
  'methods-any',
  'methods-hidden',
  'proxies-anybody',
  'public-below-protected',
  'report-over',
  'report-public',
  'report-without-end',
  'rewrite-drops-rest',
  'role-suspect',
  'route-unreachable',
  'route-without-limit',
  'routes-cross',
  'scope-suspect',
  'unused',
  'workers-without-redis',
] as const

export type FindingCode = (typeof ACCEPTABLE_CODES)[number] | 'accept-unused'

/** Something in a file that loads, and that its authors should look at. */
export interface Warning extends Problem {
  readonly code: FindingCode
  /** What `accept` calls the place: path of a route, `upstreams.orders`, or a section. */
  readonly subject: string
}

/** An entry of `accept`: these findings are meant to be there. */
export interface Acceptance {
  readonly code: FindingCode
  /** Subjects; absent: wherever it is found. */
  readonly at?: readonly string[] | undefined
  readonly because: string
}

/** The entry that accepts a finding; undefined: none does. */
export function findAcceptance({ code, subject }: Warning, accept: readonly Acceptance[]): Acceptance | undefined {
  return accept.find((entry) => entry.code === code && (entry.at === undefined || entry.at.includes(subject)))
}
