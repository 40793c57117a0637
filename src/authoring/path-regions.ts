/**
 * Two route tables side by side: the paths on which both are undecided between the same routes, one region after the other.
 * Together the regions are all paths; what is the same in both tables is left out.
 */
import type { RouteConfig } from '../config/gateway-config.ts'
import { paramOf, segmentsOf } from './example-path.ts'

export interface Region {
  /** The route that takes these paths in each table; undefined: none. */
  readonly before: RouteConfig | undefined
  readonly after: RouteConfig | undefined
  /** A path of the region. A segment that is `free` stands for all that are no literal here. */
  readonly segments: readonly { readonly text: string; readonly isFree: boolean }[]
}

interface Node {
  readonly literals: Map<string, Node>
  param?: Node
  exact?: RouteConfig
  below?: RouteConfig
  /** Equal for two subtrees that mean the same. */
  meaning: number
  readonly id: number
}

/** What is still possible, in the order in which the table would take it. A route in the list takes all that reaches it. */
type State = readonly (Node | RouteConfig)[]
type Both = readonly [before: State, after: State]
type Segments = Region['segments']

/** @param meaningOf a text that is equal for two routes that do the same */
export function* regionsOf(
  before: readonly RouteConfig[],
  after: readonly RouteConfig[],
  meaningOf: (route: RouteConfig, side: 0 | 1) => string,
  fresh: (index: number) => string,
): Generator<Region> {
  const meanings = new Map<string, number>()
  const number = (text: string): number => {
    const known = meanings.get(text) ?? meanings.size
    meanings.set(text, known)
    return known
  }
  const routeMeanings = new Map<RouteConfig, number>()
  for (const [side, routes] of [before, after].entries()) {
    for (const route of routes) routeMeanings.set(route, number(meaningOf(route, side as 0 | 1)))
  }
  const ofRoute = (route: RouteConfig | undefined) => (route === undefined ? -1 : (routeMeanings.get(route) as number))
  const roots = [before, after].map((routes, side) => settle(toTrie(routes, side), ofRoute, number))
  const walk = new Walk(ofRoute, fresh)
  yield* walk.from([[roots[0] as Node], [roots[1] as Node]], [])
}

function toTrie(routes: readonly RouteConfig[], side: number): Node {
  let nodes = 0
  const create = (): Node => {
    nodes += 1
    return { literals: new Map(), meaning: 0, id: nodes * 2 + side }
  }
  const root = create()
  for (const route of routes) {
    let node = root
    const segments = segmentsOf(route.path)
    for (const segment of segments) {
      if (segment === '**') continue
      if (paramOf(segment) !== undefined) {
        node.param ??= create()
        node = node.param
      } else {
        const next = node.literals.get(segment) ?? create()
        node.literals.set(segment, next)
        node = next
      }
    }
    node[segments.at(-1) === '**' ? 'below' : 'exact'] = route
  }
  return root
}

/** Numbers the meaning of every subtree. */
function settle(
  node: Node,
  ofRoute: (route: RouteConfig | undefined) => number,
  number: (text: string) => number,
): Node {
  const literals = [...node.literals].map(([text, child]) => [text, settle(child, ofRoute, number).meaning] as const)
  const param = node.param && settle(node.param, ofRoute, number).meaning
  const sorted = literals.toSorted(([a], [b]) => (a < b ? -1 : 1))
  node.meaning = number(JSON.stringify([ofRoute(node.exact), ofRoute(node.below), param ?? -1, sorted]))
  return node
}

class Walk {
  readonly #ofRoute: (route: RouteConfig | undefined) => number
  readonly #fresh: (index: number) => string
  readonly #seen = new Set<string>()

  constructor(ofRoute: (route: RouteConfig | undefined) => number, fresh: (index: number) => string) {
    this.#ofRoute = ofRoute
    this.#fresh = fresh
  }

  *from(states: Both, segments: Segments): Generator<Region> {
    const [before, after] = states
    if (this.#meaningOf(before) === this.#meaningOf(after)) return
    const key = `${before.map(idOf)} ${after.map(idOf)}`
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    yield { before: winner(before), after: winner(after), segments }
    const nodes = [...before, ...after].filter(isNode)
    if (nodes.length === 0) return
    // The freest path first: what it leads to need not be looked at again behind a literal.
    const text = this.#fresh(segments.length)
    yield* this.from([step(before, undefined), step(after, undefined)], [...segments, { text, isFree: true }])
    for (const literal of new Set(nodes.flatMap(({ literals }) => [...literals.keys()]))) {
      const next = [...segments, { text: literal, isFree: false }]
      yield* this.from([step(before, literal), step(after, literal)], next)
    }
  }

  #meaningOf(state: State): string {
    return state.map((item) => (isNode(item) ? `n${item.meaning}` : `r${this.#ofRoute(item)}`)).join(' ')
  }
}

function isNode(item: Node | RouteConfig): item is Node {
  return 'literals' in item
}

function idOf(item: Node | RouteConfig): string {
  return isNode(item) ? `n${item.id}` : `r${item.path}`
}

/** What a path takes that ends here. */
function winner(state: State): RouteConfig | undefined {
  for (const item of state) {
    const route = isNode(item) ? (item.exact ?? item.below) : item
    if (route !== undefined) return route
  }
  return undefined
}

/** What is possible after one more segment; `literal` undefined: one that is no literal here. */
function step(state: State, literal: string | undefined): State {
  const next: (Node | RouteConfig)[] = []
  for (const item of state) {
    if (!isNode(item)) return [...next, item]
    const child = literal === undefined ? undefined : item.literals.get(literal)
    if (child !== undefined) next.push(child)
    if (item.param !== undefined) next.push(item.param)
    if (item.below !== undefined) return [...next, item.below]
  }
  return next
}
