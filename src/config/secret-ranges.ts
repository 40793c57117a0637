import { isAlias, isMap, isScalar, isSeq, type Node, type Scalar } from 'yaml'
import { editDistance } from './nearest.ts'
import { isReference, type Range } from './redact.ts'
import type { Aliases } from './yaml-nodes.ts'
import type { YamlFile } from './yaml-syntax.ts'

/** Keys below `redis` and `admin` whose values are no secrets. */
const PLAIN = /^(cluster|sentinel|tls|username|file|host|port|names)$/

/** Every text below `redis` or `admin` (or a misspelling of them) that may hold a secret and is not just `${NAME}`. */
export function secretRanges({ root, aliases }: YamlFile, text: string): Range[] {
  const found = new Set<Node>()
  for (const [key, value] of pairs(root)) {
    const name = key.toLowerCase()
    // `admin: false` is none.
    if (editDistance(name, 'redis') <= 2 || (editDistance(name, 'admin') <= 2 && !isScalar(value))) {
      collect(value, aliases, found)
    }
  }
  return [...found].flatMap((node): Range[] => {
    if (!isScalar(node) || !node.range || isReference(text.slice(node.range[0], node.range[1]))) return []
    return [[node.range[0], node.range[1]]]
  })
}

/** Goes through aliases: a secret may stand at an anchor elsewhere. */
function collect(node: Node | null | undefined, aliases: Aliases, found: Set<Node>): void {
  if (!node || found.has(node)) return
  found.add(node)
  if (isAlias(node)) for (const target of aliases.named(node.source)) collect(target, aliases, found)
  if (isSeq<Node>(node)) for (const item of node.items) collect(item, aliases, found)
  for (const [key, value] of pairs(node)) if (!PLAIN.test(key)) collect(value, aliases, found)
}

function pairs(node: Node | null): [string, Node | null][] {
  if (!isMap<Scalar, Node | null>(node)) return []
  return node.items.map(({ key, value }) => [String(key?.value ?? ''), value])
}
