import { stringify } from 'yaml'

/** A value of a route-scope file, on one line, with the quotes that it needs within `{ … }`; `${` stays what it is. */
export function inFlow(value: unknown): string {
  const toLiteral = (_: unknown, one: unknown) => (typeof one === 'string' ? one.replaceAll('${', () => '$${') : one)
  return stringify([value], toLiteral, { collectionStyle: 'flow', lineWidth: 0 }).trim().slice(1, -1).trim()
}
