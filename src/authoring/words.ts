/** Conditions in words, the same in every tool. */
import type { BodyPolicy } from '../config/body-policy.ts'
import type { AllowLine, ClaimCondition, Condition, KeyPart } from '../config/gateway-config.ts'

/** `scopes orders:read and profile; path.userId = token.sub`. */
export function describeLine(line: AllowLine): string {
  return describeConditions(line).join('; ')
}

/** One text for each condition, in the order of the trace. */
export function describeConditions(line: AllowLine): string[] {
  return [
    ...(line.anyToken ? ['any valid token'] : []),
    ...(line.scopes ? [describeNames('scope', line.scopes)] : []),
    ...(line.roles ? [describeNames('role', line.roles)] : []),
    ...line.claims.map(describeClaim),
    ...line.where.map(({ param, claim }) => `path.${param} = token.${claim.join('.')}`),
  ]
}

/** `scope orders:read`, `roles support or shop-api:manager`. */
export function describeNames(noun: 'scope' | 'role', { match, values }: Condition<string>): string {
  return `${noun}${values.length > 1 ? 's' : ''} ${join(match, values)}`
}

/** `acr = 1 or silver`. */
export function describeClaim({ name, match, values }: Pick<ClaimCondition, 'name' | 'match' | 'values'>): string {
  return `${name} = ${join(match, values)}`
}

/** As the file writes it: `token.sub`. */
export function describeKeyPart(part: KeyPart): string {
  switch (part.from) {
    case 'client.ip':
    case 'route':
      return part.from
    case 'token':
      return `token.${part.claim.join('.')}`
    default:
      return `${part.from}.${part.name}`
  }
}

/** `schemas/order.json for application/json`. */
export function describeBody({ schema, operations }: BodyPolicy): string {
  return `${schema} for ${contentTypesOf(operations).join(', ') || 'no media type'}`
}

/** Of all operations, each once. */
export function contentTypesOf(operations: BodyPolicy['operations']): string[] {
  return [...new Set(operations.flatMap(({ content }) => [...content.keys()]))].sort()
}

function join(match: 'all' | 'any', values: readonly unknown[]): string {
  return values.join(match === 'all' ? ' and ' : ' or ')
}
