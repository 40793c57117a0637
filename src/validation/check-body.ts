/** The stage that puts the body of a request to the schema of its route, before the upstream gets any of it. */
import type { BodyPolicy } from '../config/body-policy.ts'
import { GatewayError } from '../errors.ts'
import { toUpstreamPath } from '../forwarding/rewrite.ts'
import type { Exchange } from '../http/exchange.ts'
import type { RequestFields } from '../http/request-fields.ts'
import { readWholeBody } from '../http/whole-body.ts'
import type { RequestTarget } from '../routing/request-target.ts'
import type { RouteMatch } from '../routing/route-table.ts'
import type { BodyCheck, CheckValue, ContentCheck } from './body-check.ts'
import { readContentType } from './content-type.ts'
import { readJsonBody } from './json-body.ts'

/** What the stage reads of a request. */
export interface BodyVisit {
  readonly method: string
  readonly exchange: Exchange
  readonly fields: RequestFields | undefined
  readonly match: RouteMatch | undefined
  readonly target: RequestTarget
  readonly runtime: { readonly bodies: ReadonlyMap<BodyPolicy, BodyCheck> | undefined }
  /** The whole body, if it has been read; what is forwarded then. */
  body: Buffer | undefined
}

/**
 * Throws or rejects with what is wrong: `body_missing` and `body_malformed` (400), `body_too_large` (413),
 * `unsupported_media_type` (415), `body_mismatch` (422). The caller has been let through by now, for a schema is nobody
 * else's business.
 */
export function checkBody(visit: BodyVisit): void | Promise<void> {
  const policy = visit.match?.route.body
  if (policy === undefined) return undefined
  const { bodies } = visit.runtime
  return bodies === undefined ? undefined : check(visit, visit.match as RouteMatch, bodies.get(policy))
}

function check(visit: BodyVisit, match: RouteMatch, compiled: BodyCheck | undefined): void | Promise<void> {
  if (compiled === undefined) throw new GatewayError('internal_error', 'body_not_compiled')
  const fields = visit.fields as RequestFields
  const content = compiled.find(visit.method, () => toUpstreamPath(match, visit.target))
  if (!fields.hasBody) return assertNoneNeeded(content, visit.method)
  const checkValue = assertAccepted(content, fields.endToEnd)
  const verify = (body: Buffer): void => {
    visit.body = body
    if (body.length === 0) assertNoneNeeded(content, visit.method)
    else assertMatches(checkValue, body)
  }
  if (visit.body !== undefined) return verify(visit.body)
  const { bodyBytes: maxBytes, timeouts } = match.route
  const limits = { contentLength: fields.contentLength, maxBytes, idleMs: timeouts.idleMs, reason: 'body_size' }
  return readWholeBody(visit.exchange, limits).then(verify)
}

function assertNoneNeeded(content: ContentCheck | undefined, method: string): void {
  if (content === undefined || !content.requiredFor.includes(method)) return
  const detail = `expected a body of ${[...content.content.keys()].join(' or ')}`
  throw new GatewayError('body_missing', 'body_missing', { detail })
}

function assertAccepted(content: ContentCheck | undefined, fields: readonly string[]): CheckValue {
  const type = readContentType(fields)
  const found = content?.content.get(type ?? '')
  if (found !== undefined) return found
  const accepted = [...(content?.content.keys() ?? [])].join(', ')
  if (accepted === '') {
    throw new GatewayError('unsupported_media_type', 'body_not_described', { detail: 'no body is accepted here' })
  }
  const detail = type === undefined ? `Content-Type is missing: expected ${accepted}` : `expected ${accepted}`
  throw new GatewayError('unsupported_media_type', 'body_type', { detail, accept: ['Accept', accepted] })
}

function assertMatches(checkValue: CheckValue, body: Buffer): void {
  const errors = checkValue(readJsonBody(body))
  if (errors !== undefined) throw new GatewayError('body_mismatch', 'body_mismatch', { errors })
}
