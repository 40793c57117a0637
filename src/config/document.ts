import { isAlias, isMap, isScalar, isSeq, type Node, type Scalar } from 'yaml'
import { type Environment, readPlainScalar, substitute } from './environment.ts'
import type { Path, Problem } from './problem.ts'
import { secretRanges } from './secret-ranges.ts'
import type { SourceFile } from './source-file.ts'
import type { Aliases } from './yaml-nodes.ts'
import type { YamlFile } from './yaml-syntax.ts'

const MAX_NODES = 100_000

/** The file as data, and where each piece of it stands. */
export interface ConfigDocument {
  /** Plain data; `${NAME}` is filled in. */
  readonly data: unknown
  /** Problems of substitution, tags, aliases and keys. */
  readonly problems: readonly Problem[]
  /** Offset of the key or value at `path`, or of the nearest thing above it. */
  offset(path: Path, at?: 'key' | 'value'): number
  /** The value as it stands in the file: `${NAME}`, never what was filled in. */
  written(path: Path): string
  /** `path`, or the longest part of it that stands in the file. */
  closest(path: Path): Path
  /** The value holds something from the environment. */
  isSubstituted(path: Path): boolean
  /** Data in which a whole `${NAME}` at these paths is typed as unquoted YAML would be; undefined when there is nothing to type. */
  retyped(paths: readonly Path[]): unknown
}

interface Walk {
  readonly aliases: Aliases
  readonly source: SourceFile
  readonly env: Environment
  readonly typed: ReadonlySet<Node>
  readonly problems: Problem[]
  readonly substituted: Set<Node>
  readonly typeable: Set<Node>
  readonly open: Set<Node>
  budget: number
}

export function createDocument(yaml: YamlFile, source: SourceFile, env: Environment): ConfigDocument {
  const { root, aliases } = yaml
  source.setSecrets(secretRanges(yaml, source.text))
  const start = (typed: ReadonlySet<Node>): Walk => ({
    ...{ aliases, source, env, typed, problems: [], budget: MAX_NODES },
    ...{ substituted: new Set<Node>(), typeable: new Set<Node>(), open: new Set<Node>() },
  })
  const walk = start(new Set())
  const data = toData(root, [], walk)
  const find = (path: Path) => locate(yaml, path)
  return {
    data,
    problems: walk.problems,
    offset(path, at = 'value') {
      const { key, value } = find(path)
      const node = at === 'key' ? (key ?? value) : (value ?? key)
      return node?.range?.[0] ?? 0
    },
    written(path) {
      const { value, exact } = find(path)
      if (!exact || !value?.range) return ''
      const text = source.text.slice(value.range[0], value.range[1])
      return isScalar(value) && value.type !== 'PLAIN' && !walk.substituted.has(value) ? String(value.value) : text
    },
    closest(path) {
      const length = path.findLastIndex((_, index) => find(path.slice(0, index + 1)).exact)
      return path.slice(0, length + 1)
    },
    isSubstituted: (path) => walk.substituted.has(find(path).value as Node),
    retyped(paths) {
      const nodes = paths.map((path) => find(path).value).filter((node) => node && walk.typeable.has(node)) as Node[]
      return nodes.length > 0 ? toData(root, [], start(new Set(nodes))) : undefined
    },
  }
}

function toData(node: Node | null, path: Path, walk: Walk): unknown {
  const fail = (message: string): null => {
    walk.problems.push(walk.source.problem(node?.range?.[0] ?? 0, path, message))
    return null
  }
  if (node === null) return null
  if (--walk.budget < 0) return walk.budget === -1 ? fail('too many values, or aliases that multiply them') : null
  if (isAlias(node)) {
    const target = walk.aliases.get(node)
    if (!target) return fail('an alias to an anchor that is not set before it')
    if (walk.open.has(target)) return fail('an alias cannot stand for something it is part of')
    return toData(target, path, walk)
  }
  if (node.tag !== undefined) return fail('tags (!name) are not supported; quotes make a value a text')
  if (isScalar(node)) return scalarData(node, path, walk)
  walk.open.add(node)
  const data = isSeq(node)
    ? node.items.map((item, index) => toData(item as Node, [...path, index], walk))
    : mapData(node, path, walk)
  walk.open.delete(node)
  return data
}

function mapData(node: Node, path: Path, walk: Walk): unknown {
  const data: Record<string, unknown> = {}
  if (!isMap<Scalar, Node | null>(node)) return data
  for (const { key, value } of node.items) {
    const name = String(key?.value ?? '')
    if (name === '<<' || name === '__proto__') {
      const message = name === '<<' ? 'merge keys (<<) are not supported' : 'this key is not allowed'
      walk.problems.push(walk.source.problem(key.range?.[0] ?? 0, [...path, name], message))
    } else if (!Object.hasOwn(data, name)) {
      data[name] = toData(value, [...path, name], walk)
    }
  }
  return data
}

function scalarData(node: Scalar, path: Path, walk: Walk): unknown {
  if (typeof node.value !== 'string' || !node.value.includes('${')) return node.value
  const { text, problems, whole } = substitute(node.value, walk.env)
  for (const message of problems) walk.problems.push(walk.source.problem(node.range?.[0] ?? 0, path, message))
  walk.substituted.add(node)
  // Quoted or not: inside { … } it has to be.
  if (whole) walk.typeable.add(node)
  return walk.typed.has(node) ? readPlainScalar(text) : text
}

function locate({ root, aliases }: YamlFile, path: Path): { key: Node | null; value: Node | null; exact: boolean } {
  const follow = (node: Node | null) => (isAlias(node) ? (aliases.get(node) ?? null) : node)
  let key: Node | null = null
  let value: Node | null = root
  for (const part of path) {
    const parent: Node | null = follow(value)
    if (isMap<Scalar, Node | null>(parent)) {
      const pair = parent.items.find((item) => String(item.key?.value ?? '') === part)
      if (!pair) return { key, value, exact: false }
      key = pair.key
      value = pair.value
    } else if (isSeq<Node>(parent) && typeof part === 'number' && parent.items[part]) {
      key = null
      value = parent.items[part]
    } else return { key, value, exact: false }
  }
  return { key, value, exact: true }
}
