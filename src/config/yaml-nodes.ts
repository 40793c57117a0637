import { type Alias, isAlias, isMap, isSeq, type Node, type Scalar } from 'yaml'

const MAX_DEPTH = 100

export interface Aliases {
  /** What an alias stands for. */
  get(alias: Alias): Node | undefined
  /** All nodes with an anchor of this name, also those that an alias cannot mean. */
  named(anchor: string): readonly Node[]
}

export const NO_ALIASES: Aliases = { get: () => undefined, named: () => [] }

/** Goes through the nodes once and without recursion, however deep they are; undefined: more than 100 deep. */
export function readAliases(root: Node | null): Aliases | undefined {
  const aliases = new Map<Alias, Node>()
  const anchors = new Map<string, Node>()
  const anchored: (Node & { anchor?: string })[] = []
  const open: [Node | null, number][] = [[root, 0]]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [node, depth] = next
    if (depth > MAX_DEPTH) return undefined
    if (isAlias(node)) {
      const target = anchors.get(node.source)
      if (target) aliases.set(node, target)
    } else if (node?.anchor !== undefined) {
      anchors.set(node.anchor, node)
      anchored.push(node)
    }
    // The last in is the first out: the first child has to be read first, for an alias means the anchor before it.
    for (const child of childrenOf(node).toReversed()) open.push([child, depth + 1])
  }
  return { get: (alias) => aliases.get(alias), named: (name) => anchored.filter(({ anchor }) => anchor === name) }
}

function childrenOf(node: Node | null): (Node | null)[] {
  if (isSeq<Node>(node)) return node.items
  return isMap<Scalar, Node | null>(node) ? node.items.map(({ value }) => value) : []
}
