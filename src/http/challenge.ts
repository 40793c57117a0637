/** `WWW-Authenticate` values (RFC 6750 section 3) and protected resource metadata (RFC 9728). */
import type { GatewayConfig } from '../config/gateway-config.ts'
import { ERRORS, type GatewayError, INVALID_TOKEN_REASONS, type InvalidTokenReason } from '../errors.ts'

/** Where the metadata of a resource without a path stands (RFC 9728 section 3). */
const RESOURCE_METADATA_PATH = '/.well-known/oauth-protected-resource'

/** What `scope` and `error_description` may hold (RFC 6750 section 3): no quote, no backslash, no control. */
const QUOTABLE = /^[\x20\x21\x23-\x5B\x5D-\x7E]+$/
const QUOTABLE_URL = /^[\x21\x23-\x5B\x5D-\x7E]+$/

type MetadataSource = Pick<GatewayConfig, 'resource' | 'issuers' | 'scopesSupported'>

/** RFC 9728 section 2; members without a value are left out. */
export interface ResourceMetadata {
  readonly resource: string
  readonly authorization_servers?: readonly string[]
  readonly scopes_supported?: readonly string[]
  readonly bearer_methods_supported: readonly ['header']
}

/**
 * The challenge of an error, or undefined when its answer carries none. A request without a token gets no error code
 * (RFC 6750 section 3.1). Texts are the table's own; a value outside the allowed characters is left out, not escaped.
 * @param url of the metadata document
 */
export function toChallenge(error: GatewayError, url: string): string | undefined {
  const entry = ERRORS[error.code]
  const oauthError = 'oauthError' in entry ? entry.oauthError : undefined
  if (oauthError === undefined && entry.status !== 401) return undefined
  const parameters: string[] = []
  if (oauthError !== undefined) {
    parameters.push(`error="${oauthError}"`, `error_description="${describeDenial(error)}"`)
  }
  const { scope } = error.details
  if (oauthError === 'insufficient_scope' && scope !== undefined && QUOTABLE.test(scope)) {
    parameters.push(`scope="${scope}"`)
  }
  if (QUOTABLE_URL.test(url)) parameters.push(`resource_metadata="${url}"`)
  // The scheme must be followed by a parameter.
  return `Bearer ${parameters.join(', ') || 'realm="api"'}`
}

/** The public text for an error: why a token was refused, else the title of its code. */
function describeDenial(error: GatewayError): string {
  return invalidTokenText(error) ?? ERRORS[error.code].title
}

/** Why a token was refused, when that is known. */
export function invalidTokenText(error: GatewayError): string | undefined {
  if (error.code !== 'invalid_token' || !Object.hasOwn(INVALID_TOKEN_REASONS, error.reason)) return undefined
  return INVALID_TOKEN_REASONS[error.reason as InvalidTokenReason]
}

/**
 * The metadata document of this resource server.
 * @param requestBaseUrl scheme and authority of the request, `https://api.example.com`; the resource unless one is configured
 */
export function resourceMetadata(config: MetadataSource, requestBaseUrl: string): ResourceMetadata {
  const authorizationServers = [...config.issuers.values()].map(({ issuer }) => issuer)
  return {
    resource: config.resource ?? requestBaseUrl,
    ...(authorizationServers.length > 0 && { authorization_servers: authorizationServers }),
    ...(config.scopesSupported.length > 0 && { scopes_supported: config.scopesSupported }),
    bearer_methods_supported: ['header'],
  }
}

/** Where the document stands: the well-known path goes between host and path of the resource (RFC 9728 section 3.1). */
export function resourceMetadataUrl(config: Pick<GatewayConfig, 'resource'>, requestBaseUrl: string): string {
  const resource = config.resource ?? requestBaseUrl
  const pathStart = resource.indexOf('/', resource.indexOf('://') + 3)
  if (pathStart === -1) return resource + RESOURCE_METADATA_PATH
  const path = resource.slice(pathStart)
  return resource.slice(0, pathStart) + RESOURCE_METADATA_PATH + (path === '/' ? '' : path)
}
