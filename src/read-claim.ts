/**
 * Reads the claim that stands at `path`, or undefined. Claims are attacker-shaped JSON: only own members of objects count,
 * neither the prototype's (`constructor`) nor those of arrays and strings (`length`). The value's type is not checked.
 */
export function readClaim(claims: Readonly<Record<string, unknown>>, path: readonly string[]): unknown {
  if (path.length === 0) return undefined
  let value: unknown = claims
  for (const name of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name)) {
      return undefined
    }
    value = (value as Record<string, unknown>)[name]
  }
  return value
}
