/** What a process remembers of the files it was given. No secrets: `/config/status` shows all of it. */
import type { GatewayConfig } from './gateway-config.ts'
import { formatProblem, type Problem } from './problem.ts'
import { type RouteReport, reportsOf } from './reports.ts'

export interface ConfigStatus {
  /** SHA-256 of the file in force, base64url. */
  readonly digest: string
  /** ISO time. */
  readonly appliedAt: string
  /** Path of the file. */
  readonly source: string
  readonly routes: number
  /** The file's own tests: a red one would have kept it out of force. */
  readonly tests: { readonly run: number; readonly green: number }
  /** Routes of which something is only reported, or was until its last day was over. */
  readonly reports: readonly RouteReport[]
  /** The last file that was refused after the one in force had been applied. */
  readonly lastRefusal?: { readonly at: string; readonly problems: readonly RefusalProblem[] }
}

export interface RefusalProblem {
  /** As people see it: place, message, and the line with a caret. */
  readonly text: string
  readonly message: string
  /** From 1; absent: it is not about a place in the file. */
  readonly line?: number
  readonly column?: number
  /** `routes[2].allow[0]`. */
  readonly path?: string
}

export interface ConfigRecord {
  status(): ConfigStatus
  /** Notes that this configuration came into force. */
  applied(config: GatewayConfig): void
  /** Notes that a new file was refused. */
  refused(problems: readonly RefusalProblem[]): void
}

/** @param source path of the file. @param now ms since the epoch */
export function createConfigRecord(first: GatewayConfig, source: string, now: () => number = Date.now): ConfigRecord {
  const isoNow = () => new Date(now()).toISOString()
  let inForce = { config: first, appliedAt: isoNow() }
  let lastRefusal: ConfigStatus['lastRefusal']
  return {
    status() {
      const { digest, routes, tests } = inForce.config
      return {
        ...{ digest, appliedAt: inForce.appliedAt, source, routes: routes.length },
        tests: { run: tests.length, green: tests.length },
        reports: reportsOf(inForce.config, now()),
        ...(lastRefusal && { lastRefusal }),
      }
    },
    applied(config) {
      inForce = { config, appliedAt: isoNow() }
      lastRefusal = undefined
    },
    refused(problems) {
      lastRefusal = { at: isoNow(), problems }
    },
  }
}

export function toRefusalProblem(problem: Problem): RefusalProblem {
  const { line, column, path, message } = problem
  return { text: formatProblem(problem), message, ...(line > 0 && { line, column }), ...(path !== '' && { path }) }
}
