/** Answers for the differential test: right ones, odd ones and broken ones, made from a seed. */
import { BODIES, FIELDS, FRAMINGS, INTERIM, ODD_BYTES, STATUS_LINES } from './upstream-client-pieces.ts'

export interface RandomAnswer {
  readonly method: 'GET' | 'HEAD'
  readonly upgrade: string | undefined
  /** Latin1, as they go into the socket one after the other. */
  readonly segments: readonly string[]
}

/** mulberry32: the same numbers for the same seed. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

const PAIRS = [
  ['Content-Length: 5', 'hello'],
  ['Transfer-Encoding: chunked', '5\r\nhello\r\n0\r\n\r\n'],
  ['X-Close: 1', 'hello'],
] as const

export function makeAnswer(random: () => number): RandomAnswer {
  const chance = (odds: number) => random() < odds
  const upTo = (count: number) => Math.floor(random() * count)
  const pick = <T>(list: readonly T[]): T => list[upTo(list.length)] as T
  const [framing, body] = chance(0.6) ? pick(PAIRS) : [pick(FRAMINGS), pick(BODIES)]
  const fields = Array.from({ length: upTo(4) }, () => pick(chance(0.8) ? FIELDS.slice(0, 21) : FIELDS))
  fields.splice(upTo(fields.length + 1), 0, chance(0.95) ? framing : pick(FRAMINGS))
  const interim = chance(0.1) ? pick(INTERIM) : ''
  const statusLine = chance(0.7) ? 'HTTP/1.1 200 OK' : pick(STATUS_LINES)
  let text = `${interim}${[statusLine, ...fields].join('\r\n')}\r\n\r\n${body}`
  for (let i = chance(0.5) ? 0 : upTo(3); i > 0; i -= 1) text = mutate(text)
  return {
    method: chance(0.1) ? 'HEAD' : 'GET',
    upgrade: chance(0.05) ? 'websocket' : undefined,
    segments: split(text),
  }

  function mutate(it: string): string {
    const at = upTo(it.length + 1)
    const length = 1 + upTo(chance(0.9) ? 2 : 20)
    const ways = [
      () => it.slice(0, at) + pick(ODD_BYTES) + it.slice(at),
      () => it.slice(0, at) + it.slice(at + length),
      () => it.slice(0, at) + pick(ODD_BYTES) + it.slice(at + 1),
      () => it.slice(0, at) + it.slice(at, at + length) + it.slice(at),
      () => it.slice(0, at),
      () => it.replace('\r\n', pick(['\n', '\r', '\r\r\n', '\n\r'])),
      () => it.slice(0, at) + String.fromCharCode(upTo(256)) + it.slice(at + 1),
    ]
    return pick(ways)()
  }

  function split(it: string): string[] {
    const cuts = chance(0.4) ? [] : Array.from({ length: 1 + upTo(4) }, () => upTo(it.length + 1))
    const edges = [0, ...cuts.sort((a, b) => a - b), it.length]
    return edges
      .slice(1)
      .map((to, i) => it.slice(edges[i], to))
      .filter((part) => part !== '')
  }
}
