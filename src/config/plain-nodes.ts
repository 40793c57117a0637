/**
 * Nodes that the yaml library takes for its own. Its constructors define what a node is on each node, which is most of what
 * they cost; these inherit it from one node of the library.
 */
import { type Node, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml'

type Offsets = [start: number, valueEnd: number, nodeEnd: number]

class PlainScalar {
  readonly value: unknown
  readonly type: Scalar.Type
  readonly range: Offsets

  constructor(value: unknown, type: Scalar.Type, start: number, end: number) {
    this.value = value
    this.type = type
    this.range = [start, end, end]
  }
}

class PlainCollection<Item> {
  readonly items: Item[] = []
  range: Offsets | undefined = undefined
}

class PlainMap extends PlainCollection<Pair<Scalar, Node>> {}

class PlainList extends PlainCollection<Node> {}

class PlainPair {
  readonly key: Scalar
  readonly value: Node

  constructor(key: Scalar, value: Node) {
    this.key = key
    this.value = value
  }
}

inherit(PlainScalar, new Scalar(undefined))
inherit(PlainMap, new YAMLMap())
inherit(PlainList, new YAMLSeq())
inherit(PlainPair, new Pair(undefined))

function inherit({ prototype }: { readonly prototype: object }, node: object): void {
  Object.setPrototypeOf(prototype, node)
}

export function createScalar(value: unknown, type: Scalar.Type, start: number, end: number): Scalar {
  return new PlainScalar(value, type, start, end) as unknown as Scalar
}

/** Without a range until its end is known. */
export function createMap(): YAMLMap<Scalar, Node> {
  return new PlainMap() as unknown as YAMLMap<Scalar, Node>
}

/** Likewise. */
export function createList(): YAMLSeq<Node> {
  return new PlainList() as unknown as YAMLSeq<Node>
}

export function createPair(key: Scalar, value: Node): Pair<Scalar, Node> {
  return new PlainPair(key, value) as unknown as Pair<Scalar, Node>
}
