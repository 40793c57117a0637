/** Who may, as far as OpenAPI can say it, and the rest in words. */
import type { AllowLine, GatewayConfig, Method, RouteConfig } from '../../config/gateway-config.ts'
import type { Json, JsonObject } from '../../config/openapi/json.ts'
import { meantPolicy } from '../report-mode.ts'
import { choicesOf } from '../requirement.ts'
import { describeAccess } from '../route-listing.ts'
import { describeConditions, describeLine } from '../words.ts'

/** Lines for a method; undefined: it is public. */
export function linesFor(route: RouteConfig, method: string): readonly AllowLine[] | undefined {
  const policy = meantPolicy(route)
  if (policy.public?.methods.has(method as Method)) return undefined
  return policy.allow.filter(({ methods }) => methods.has(method as Method))
}

/** One scheme for each issuer, by its name (OpenAPI 3.1 section 4.8.27.1, `openIdConnect`). */
export function securitySchemes({ issuers }: GatewayConfig): JsonObject {
  const schemes = [...issuers.values()].map(({ name, issuer }): [string, Json] => {
    // OpenID Connect Discovery 1.0 section 4: a final slash is taken off first.
    const openIdConnectUrl = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
    const description = `An access token of ${issuer} as a bearer token (RFC 6750).`
    return [name, { type: 'openIdConnect', openIdConnectUrl, description }]
  })
  return Object.fromEntries(schemes)
}

export interface SecurityText {
  readonly members: JsonObject
  readonly text: string
}

/** `security`, extensions and sentences of an operation. */
export type DescribeSecurity = (route: RouteConfig, method: string) => SecurityText

/**
 * A requirement names scopes alone: it is necessary, and it is enough where its line has no other condition. All conditions
 * are in `x-scopegate-allow`.
 */
export const describeSecurity: DescribeSecurity = (route, method) => {
  const lines = linesFor(route, method)
  if (lines === undefined) {
    const reason = route.policy.public?.reason ?? ''
    return { members: { security: [], 'x-scopegate-public': reason }, text: `No token is needed: ${reason}.` }
  }
  const allow = lines.map((line) => describeAccess(line) as unknown as JsonObject)
  return {
    members: { security: requirementsOf(route, lines), 'x-scopegate-allow': allow },
    text: needs(lines.map((line) => withReason(line, describeLine(line)))),
  }
}

/**
 * For everybody to read: scopes, ownership and `because`, which the refusals of the gateway name as well. That a role or a
 * claim is asked for is said, and not which; the reason why a route is public stays in the file.
 */
export const outlineSecurity: DescribeSecurity = (route, method) => {
  const lines = linesFor(route, method)
  if (lines === undefined) return { members: { security: [] }, text: 'No token is needed.' }
  const ways = lines.map((line) => withReason(line, describeOutline(line)))
  return { members: { security: requirementsOf(route, lines) }, text: needs([...new Set(ways)]) }
}

function describeOutline({ roles, claims, ...line }: AllowLine): string {
  return [
    ...describeConditions({ ...line, claims: [] }),
    ...(roles === undefined ? [] : ['a role']),
    ...(claims.length === 0 ? [] : ['a claim']),
  ].join('; ')
}

function needs(ways: readonly string[]): string {
  return `Needs a token with ${ways.join(', or ')}.`
}

function withReason({ because }: AllowLine, way: string): string {
  return because === undefined ? way : `${way} (${because})`
}

/** Each once. */
function requirementsOf(route: RouteConfig, lines: readonly AllowLine[]): JsonObject[] {
  const requirements = lines.flatMap((line) =>
    choicesOf(line.scopes).flatMap((scopes) => route.issuers.map((issuer) => ({ [issuer]: [...new Set(scopes)] }))),
  )
  const unique = new Map(requirements.map((one) => [JSON.stringify(one), one]))
  return [...unique.values()]
}
