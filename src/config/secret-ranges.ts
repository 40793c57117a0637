import { isAlias, isMap, isScalar, isSeq, type Node, type Scalar } from 'yaml'
import { editDistance } from './nearest.ts'
import { isReference, type Range } from './redact.ts'
import type { Aliases } from './yaml-nodes.ts'
import type { YamlFile } from './yaml-syntax.ts'

/** Sections with secrets, and the keys below them whose values are none. */
const SECTIONS: Readonly<Record<string, RegExp>> = {
  redis: /^(cluster|sentinel|tls|username|file)$/,
  admin: /^(host|port|names|file)$/,
  login: /^(issuer|discovery|publicUrl|id|scopes|path|idle|absolute|me|afterLogout|rateLimits|file)$/,
}

/** Every text below these (or a misspelling of them) that may hold a secret and is not just `${NAME}`. */
export function secretRanges({ root, aliases }: YamlFile, text: string): Range[] {
  const found = new Set<Node>()
  for (const [key, value] of pairs(root)) {
    const plain = plainKeysOf(key)
    // `admin: false` is none.
    if (plain !== undefined && !(plain === SECTIONS.admin && isScalar(value))) collect(value, aliases, plain, found)
  }
  return [...found].flatMap((node): Range[] => {
    if (!isScalar(node) || !node.range || isReference(text.slice(node.range[0], node.range[1]))) return []
    return [[node.range[0], node.range[1]]]
  })
}

function plainKeysOf(key: string): RegExp | undefined {
  // A section of its own, and as near to `login` as a misspelling.
  if (key === 'log') return undefined
  const section = Object.keys(SECTIONS).find((name) => editDistance(key.toLowerCase(), name) <= 2)
  return section === undefined ? undefined : SECTIONS[section]
}

/** Goes through aliases: a secret may stand at an anchor elsewhere. */
function collect(node: Node | null | undefined, aliases: Aliases, plain: RegExp, found: Set<Node>): void {
  if (!node || found.has(node)) return
  found.add(node)
  if (isAlias(node)) for (const target of aliases.named(node.source)) collect(target, aliases, plain, found)
  if (isSeq<Node>(node)) for (const item of node.items) collect(item, aliases, plain, found)
  for (const [key, value] of pairs(node)) if (!plain.test(key)) collect(value, aliases, plain, found)
}

function pairs(node: Node | null): [string, Node | null][] {
  if (!isMap<Scalar, Node | null>(node)) return []
  return node.items.map(({ key, value }) => [String(key?.value ?? ''), value])
}
