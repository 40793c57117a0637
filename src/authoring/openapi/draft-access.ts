/** Who may make a request, as far as the document of a service says it. */
import { isObject, type Json, type JsonObject, listOf, memberOf, objectOf } from '../../config/openapi/json.ts'
import { follow, type ServiceOperation } from '../../config/openapi/operations.ts'
import { wholeParamOf } from './path-template.ts'

export interface LineDraft {
  readonly method: string
  readonly isPublic: boolean
  /** All of them; at least one unless it is public. */
  readonly scopes: readonly string[]
  /** For people; empty: none. */
  readonly comment: string
}

const SCOPE = /^[\x21\x23-\x5B\x5D-\x7E]+$/
const WITH_SCOPES = ['oauth2', 'openIdConnect']

/** One for each alternative. `security: []` alone makes an operation public: what is not said is not allowed. */
export function draftAccess(service: ServiceOperation, upstream: string): LineDraft[] {
  const { method, operation, document } = service
  const written = operation.security ?? document.data.security
  const requirements = listOf(written).filter(isObject)
  const isOpen = Array.isArray(written) && requirements.every((one) => Object.keys(one).length === 0)
  if (isOpen) return [{ method, isPublic: true, scopes: [], comment: '' }]
  const named = requirements.flatMap((requirement) => {
    const scopes = scopesOf(service, requirement)
    return scopes.length > 0 ? [scopes] : []
  })
  if (named.length === 0) {
    const scopes = [proposeScope(service, upstream)]
    return [{ method, isPublic: false, scopes, comment: 'a proposal: the document names no scopes' }]
  }
  const unique = new Map(named.map((scopes) => [scopes.join(' '), scopes]))
  return [...unique.values()].map((scopes) => ({ method, isPublic: false, scopes, comment: '' }))
}

/** All schemes of a requirement count together (OpenAPI 3.1 section 4.8.30). */
function scopesOf({ document }: ServiceOperation, requirement: JsonObject): string[] {
  const schemes = objectOf(document.data.components).securitySchemes
  const scopes = Object.entries(requirement).flatMap(([name, values]): Json[] => {
    const { type } = objectOf(follow(document, memberOf(schemes, name)))
    return WITH_SCOPES.includes(String(type)) ? [...listOf(values)] : []
  })
  const texts = scopes.filter((scope) => typeof scope === 'string')
  return texts.every((scope) => SCOPE.test(scope)) ? [...new Set(texts)] : []
}

/** `orders:read`, by the first literal of the path. */
function proposeScope({ method, segments }: ServiceOperation, upstream: string): string {
  const literals = segments.filter((segment) => wholeParamOf(segment) === undefined && !/^v\d+$/.test(segment))
  const subject = (literals[0] ?? upstream).replace(/[^\w.-]/g, '') || upstream
  return `${subject}:${method === 'GET' || method === 'HEAD' ? 'read' : 'write'}`
}
