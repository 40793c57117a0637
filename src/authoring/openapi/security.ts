/** Who may, as far as OpenAPI can say it, and the rest in words. */
import type { AllowLine, GatewayConfig, Method, RouteConfig } from '../../config/gateway-config.ts'
import type { Json, JsonObject } from '../../config/openapi/json.ts'
import { meantPolicy } from '../report-mode.ts'
import { choicesOf } from '../requirement.ts'
import { describeAccess } from '../route-listing.ts'
import { describeLine } from '../words.ts'

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

/**
 * `security`, extensions and sentences of an operation. A requirement names scopes alone: it is necessary, and it is enough
 * where its line has no other condition. All conditions are in `x-scopegate-allow`.
 */
export function describeSecurity(
  route: RouteConfig,
  method: string,
): { readonly members: JsonObject; readonly text: string } {
  const lines = linesFor(route, method)
  if (lines === undefined) {
    const reason = route.policy.public?.reason ?? ''
    return { members: { security: [], 'x-scopegate-public': reason }, text: `No token is needed: ${reason}.` }
  }
  const requirements = lines.flatMap((line) =>
    choicesOf(line.scopes).flatMap((scopes) => route.issuers.map((issuer) => ({ [issuer]: [...new Set(scopes)] }))),
  )
  const unique = new Map(requirements.map((one) => [JSON.stringify(one), one]))
  const allow = lines.map((line) => describeAccess(line) as unknown as JsonObject)
  const ways = lines.map((line) =>
    line.because === undefined ? describeLine(line) : `${describeLine(line)} (${line.because})`,
  )
  return {
    members: { security: [...unique.values()], 'x-scopegate-allow': allow },
    text: `Needs a token with ${ways.join(', or ')}.`,
  }
}
