/** The most specific route for a path: a trie by segments, so the cost grows with the path and not with the table. */
import type { RouteConfig } from '../config/gateway-config.ts'
import { canonicalPath } from './request-target.ts'

export interface RouteTable {
  /** `path` is canonical, as `readRequestTarget` returns it. One trailing slash does not count. */
  match(path: string): RouteMatch | undefined
}

export interface RouteMatch {
  readonly route: RouteConfig
  /** Decoded values of the `{parameters}`; nothing is inherited from `Object.prototype`. */
  readonly params: Readonly<Record<string, string>>
  /** What `**` matched, canonical, without its leading slash; empty when nothing. */
  readonly rest: string
}

/** A class, so that all nodes have one shape: V8 reads them with one load. */
class TrieNode {
  /** By decoded segment; absent where no literal follows, as at nearly all ends of a large table. */
  literals: Map<string, TrieNode> | undefined
  param: TrieNode | undefined
  /** The route whose path ends here. */
  exact: Leaf | undefined
  /** The route whose path goes on with `**` here. */
  below: Leaf | undefined
}

interface Leaf {
  readonly route: RouteConfig
  /** Per segment: the parameter it fills, or undefined for a literal. */
  readonly segments: readonly (string | undefined)[]
  /** The whole answer, when nothing in it depends on the path. */
  readonly fixed: RouteMatch | undefined
  readonly hasParams: boolean
}

const NO_PARAMS: Readonly<Record<string, string>> = Object.freeze(Object.create(null))
const PARAMETER = /^\{(\w+)\}$/

/**
 * Builds the table. From left to right a literal segment beats `{param}`, and that beats `**`; the order of the list
 * does not matter. Literals are compared decoded and case-sensitively, so no spelling of a segment slips past its
 * route. Throws an `Error` for a path that is malformed or that another route has already: the loader reports both
 * with their lines, here they only must not pass.
 */
export function createRouteTable(routes: readonly RouteConfig[]): RouteTable {
  const root = new TrieNode()
  for (const route of routes) insert(root, route)
  return {
    match(path) {
      const end = path.endsWith('/') ? path.length - 1 : path.length
      const leaf = find(root, path, 1, end)
      return leaf && (leaf.fixed ?? toMatch(leaf, path))
    },
  }
}

function insert(root: TrieNode, route: RouteConfig): void {
  const texts = readSegments(route.path)
  const isBelow = texts.at(-1) === '**'
  if (isBelow) texts.pop()
  const segments = texts.map((text) => PARAMETER.exec(text)?.[1])
  let node = root
  for (const [index, text] of texts.entries()) node = child(node, segments[index] === undefined ? text : undefined)
  const place = isBelow ? 'below' : 'exact'
  if (node[place]) throw new Error(`Two routes have the same path: ${node[place].route.path} and ${route.path}`)
  const hasParams = segments.some((name) => name !== undefined)
  const fixed = hasParams || isBelow ? undefined : Object.freeze({ route, params: NO_PARAMS, rest: '' })
  node[place] = { route, segments, fixed, hasParams }
}

function readSegments(path: string): string[] {
  const trimmed = path.endsWith('/') ? path.slice(0, -1) : path
  if (!path.startsWith('/')) throw new Error(`The path of a route starts with "/": ${path}`)
  const texts = trimmed === '' ? [] : trimmed.slice(1).split('/')
  const names = texts.flatMap((text) => PARAMETER.exec(text)?.[1] ?? [])
  if (new Set(names).size < names.length) throw new Error(`A parameter stands twice in ${path}`)
  for (const [index, text] of texts.entries()) {
    const isLast = index === texts.length - 1
    if (!PARAMETER.test(text) && !(text === '**' && isLast)) assertLiteral(text, path)
  }
  return texts
}

function assertLiteral(text: string, path: string): void {
  if (text === '' || /[{}]|\*\*/.test(text)) throw new Error(`Not a literal, {parameter} or final **: ${path}`)
}

function child(node: TrieNode, literal: string | undefined): TrieNode {
  if (literal === undefined) {
    node.param ??= new TrieNode()
    return node.param
  }
  const key = literalKey(literal)
  node.literals ??= new Map()
  const next = node.literals.get(key) ?? new TrieNode()
  node.literals.set(key, next)
  return next
}

/** Nothing in it is ever written in another way. */
const PLAIN_LITERAL = /^[\w-]+$/

/** Reads a literal as a request's segment is read; throws when no request could have it. */
function literalKey(literal: string): string {
  return PLAIN_LITERAL.test(literal) ? literal : decode(canonicalPath(`/${literal}`).slice(1))
}

/** `start` is where the next segment begins; past `end` there is none. Never deeper than the table. */
function find(node: TrieNode, path: string, start: number, end: number): Leaf | undefined {
  if (start > end) return node.exact ?? node.below
  const slash = path.indexOf('/', start)
  const stop = slash === -1 ? end : slash
  const literal = node.literals?.get(decode(path.slice(start, stop)))
  const found = literal && find(literal, path, stop + 1, end)
  if (found) return found
  const viaParam = node.param && stop > start ? find(node.param, path, stop + 1, end) : undefined
  return viaParam ?? node.below
}

function toMatch(leaf: Leaf, path: string): RouteMatch {
  // Inherits from an empty object: with no prototype at all V8 makes it a dictionary, at twice the cost of the match.
  const params: Record<string, string> = leaf.hasParams ? Object.create(NO_PARAMS) : NO_PARAMS
  let start = 1
  for (const name of leaf.segments) {
    const slash = path.indexOf('/', start)
    const stop = slash === -1 ? path.length : slash
    if (name !== undefined) params[name] = decode(path.slice(start, stop))
    start = stop + 1
  }
  return { route: leaf.route, params, rest: path.slice(start) }
}

function decode(segment: string): string {
  return segment.includes('%') ? decodeURIComponent(segment) : segment
}
