import { isAlias, isMap, isScalar, isSeq, type Node, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml'
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
  /** Where the walk is. */
  readonly path: (string | number)[]
  budget: number
}

export function createDocument(yaml: YamlFile, source: SourceFile, env: Environment): ConfigDocument {
  const { root, aliases } = yaml
  source.setSecrets(secretRanges(yaml, source.text))
  const start = (typed: ReadonlySet<Node>): Walk => ({
    ...{ aliases, source, env, typed, problems: [], path: [], budget: MAX_NODES },
    ...{ substituted: new Set<Node>(), typeable: new Set<Node>(), open: new Set<Node>() },
  })
  const walk = start(new Set())
  const data = toData(root, walk)
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
      const { value, depth } = find(path)
      if (depth < path.length || !value?.range) return ''
      const text = source.text.slice(value.range[0], value.range[1])
      return isScalar(value) && value.type !== 'PLAIN' && !walk.substituted.has(value) ? String(value.value) : text
    },
    closest: (path) => path.slice(0, find(path).depth),
    isSubstituted: (path) => walk.substituted.has(find(path).value as Node),
    retyped(paths) {
      const nodes = paths.map((path) => find(path).value).filter((node) => node && walk.typeable.has(node)) as Node[]
      return nodes.length > 0 ? toData(root, start(new Set(nodes))) : undefined
    },
  }
}

function toData(node: Node | null, walk: Walk): unknown {
  if (node === null) return null
  if (--walk.budget < 0) {
    return walk.budget === -1 ? fail(node, 'too many values, or aliases that multiply them', walk) : null
  }
  if (isAlias(node)) {
    const target = walk.aliases.get(node)
    if (!target) return fail(node, 'an alias to an anchor that is not set before it', walk)
    if (walk.open.has(target)) return fail(node, 'an alias cannot stand for something it is part of', walk)
    return toData(target, walk)
  }
  if (node.tag !== undefined) return fail(node, 'tags (!name) are not supported; quotes make a value a text', walk)
  if (isScalar(node)) return scalarData(node, walk)
  walk.open.add(node)
  const data = isSeq<Node>(node) ? listData(node, walk) : mapData(node, walk)
  walk.open.delete(node)
  return data
}

function fail(node: Node, message: string, { path, problems, source }: Walk): null {
  problems.push(source.problem(node.range?.[0] ?? 0, [...path], message))
  return null
}

function listData({ items }: YAMLSeq<Node>, walk: Walk): unknown[] {
  return items.map((item, index) => {
    walk.path.push(index)
    const data = toData(item, walk)
    walk.path.pop()
    return data
  })
}

function mapData(node: Node, walk: Walk): unknown {
  const data: Record<string, unknown> = {}
  if (!isMap<Scalar, Node | null>(node)) return data
  for (const { key, value } of node.items) {
    const name = String(key?.value ?? '')
    walk.path.push(name)
    if (name === '<<' || name === '__proto__') {
      fail(key, name === '<<' ? 'merge keys (<<) are not supported' : 'this key is not allowed', walk)
    } else if (!Object.hasOwn(data, name)) {
      data[name] = toData(value, walk)
    }
    walk.path.pop()
  }
  return data
}

function scalarData(node: Scalar, walk: Walk): unknown {
  if (typeof node.value !== 'string' || !node.value.includes('${')) return node.value
  const { text, problems, whole } = substitute(node.value, walk.env)
  for (const message of problems) fail(node, message, walk)
  walk.substituted.add(node)
  // Quoted or not: inside { … } it has to be.
  if (whole) walk.typeable.add(node)
  return walk.typed.has(node) ? readPlainScalar(text) : text
}

interface Found {
  readonly key: Node | null
  readonly value: Node | null
  /** How much of the path stands in the file. */
  readonly depth: number
}

function locate({ root, aliases }: YamlFile, path: Path): Found {
  let key: Node | null = null
  let value: Node | null = root
  for (let depth = 0; depth < path.length; depth++) {
    const part = path[depth]
    const parent: Node | null = isAlias(value) ? (aliases.get(value) ?? null) : value
    if (isMap<Scalar, Node | null>(parent)) {
      const pair = findPair(parent, part)
      if (!pair) return { key, value, depth }
      key = pair.key
      value = pair.value
    } else if (isSeq<Node>(parent) && typeof part === 'number' && parent.items[part]) {
      key = null
      value = parent.items[part]
    } else return { key, value, depth }
  }
  return { key, value, depth: path.length }
}

/** The first of this name. */
function findPair({ items }: YAMLMap<Scalar, Node | null>, name: string | number | undefined) {
  for (const pair of items) if (String(pair.key?.value ?? '') === name) return pair
  return undefined
}
