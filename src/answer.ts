/** What the gateway itself answers, before it is written to a socket: the simulation of a request shows the same. */
import type { GatewayConfig } from './config/gateway-config.ts'
import type { GatewayError } from './errors.ts'
import { resourceMetadata, resourceMetadataUrl, toChallenge } from './http/challenge.ts'
import type { Exchange } from './http/exchange.ts'
import { type Problem, toProblem } from './http/problem.ts'
import type { Visit } from './visit.ts'

/** The problem document of an error, with challenge, CORS and RateLimit fields. */
export function toRefusal(visit: Visit, error: GatewayError): Problem {
  const { exchange, record, runtime } = visit
  const { location } = error.details
  if (location !== undefined) return toRedirect(visit, location)
  const problem = toProblem(error, record.requestId)
  // What was refused before its fields were read may still come from a page that is to read the refusal.
  if (visit.fields === undefined) visit.origin = exchange.incoming.headers.origin
  visit.addAnswerFields(problem.headers, [...visit.quotas, ...(error.details.quotas ?? [])])
  const baseUrl = toBaseUrl(exchange, visit.forwarded?.scheme ?? runtime.scheme)
  const challenge = toChallenge(error, resourceMetadataUrl(runtime.config, baseUrl))
  if (challenge !== undefined) problem.headers.push('WWW-Authenticate', challenge)
  return problem
}

/** In place of a refusal: a browser that opens a page goes to the login first. */
function toRedirect(visit: Visit, location: string): Problem {
  const headers = ['Location', location, 'Cache-Control', 'no-store']
  visit.addAnswerFields(headers)
  return { status: 303, headers, body: '' }
}

/** The request target of the gateway's own page (RFC 9728). */
export function metadataTarget(config: GatewayConfig): string {
  return new URL(resourceMetadataUrl(config, 'http://localhost')).pathname
}

/**
 * The gateway's own page. It shows the Host field: throws a GatewayError (400, 431) for what is refused elsewhere for its
 * fields.
 */
export function toMetadata({ exchange, runtime }: Visit): Problem {
  const { config, scheme, readFields } = runtime
  readFields(exchange.incoming.rawHeaders, config.limits.headersBytes)
  const headers = ['Content-Type', 'application/json', 'Access-Control-Allow-Origin', '*']
  return { status: 200, headers, body: JSON.stringify(resourceMetadata(config, toBaseUrl(exchange, scheme))) }
}

/** As the client addressed us. The Host field is the client's word, and goes back to nobody else. */
function toBaseUrl({ incoming }: Exchange, scheme: 'http' | 'https'): string {
  const host = incoming.headers.host ?? 'localhost'
  return `${scheme}://${/^[\w.:[\]-]+$/.test(host) ? host : 'localhost'}`
}
