/** Which operation of an OpenAPI document a request is for (OpenAPI 3.1 section 4.8.8.2). */
import type { BodyOperation } from '../config/body-policy.ts'

interface Pattern<T> {
  readonly method: string
  /** A text, or what a segment with parameters looks like. */
  readonly segments: readonly (string | RegExp)[]
  readonly found: T
}

/** @param entries the more specific path first */
export function createOperationFinder<T>(
  entries: readonly (readonly [BodyOperation, T])[],
): (method: string, path: string) => T | undefined {
  const patterns = entries.flatMap(([{ at }, found]): Pattern<T>[] => {
    return at === undefined ? [] : [{ method: at.method, segments: at.segments.map(toPattern), found }]
  })
  return (method, path) => {
    const mark = path.indexOf('?')
    const segments = (mark === -1 ? path : path.slice(0, mark)).slice(1).split('/').map(decode)
    return patterns.find((pattern) => pattern.method === method && isMatch(pattern.segments, segments))?.found
  }
}

function isMatch(pattern: readonly (string | RegExp)[], segments: readonly string[]): boolean {
  if (pattern.length !== segments.length) return false
  return pattern.every((wanted, index) => {
    const segment = segments[index] as string
    return typeof wanted === 'string' ? wanted === segment : wanted.test(segment)
  })
}

/** `{id}`, `{name}.json`: a parameter is never empty. */
function toPattern(segment: string): string | RegExp {
  const parts = segment.split(/\{[^{}]+\}/)
  if (parts.length === 1) return decode(segment)
  return new RegExp(`^${parts.map((part) => escapeText(decode(part))).join('.+')}$`, 'su')
}

function escapeText(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
