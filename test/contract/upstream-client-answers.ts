/** Answers for the differential test: right ones, odd ones and broken ones, made from a seed. */

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

const STATUS_LINES = [
  ...['HTTP/1.1 201 Created', 'HTTP/1.1 404 Not Found', 'HTTP/1.0 200 OK', 'HTTP/1.1 200', 'HTTP/1.1 200 '],
  ...['HTTP/1.1 204 No Content', 'HTTP/1.1 304 Not Modified', 'HTTP/1.1 205 Reset Content', 'HTTP/1.1 599 \xe9\t!'],
  ...['HTTP/1.1 101 Switching Protocols', 'HTTP/1.1 600 Odd', 'HTTP/1.1 099 Odd', 'HTTP/1.1 20 Short', 'HTTP/1.1 2000'],
  ...[
    'HTTP/2.0 200 OK',
    'HTTP/1.2 200 OK',
    'HTTP/0.9 200 OK',
    'http/1.1 200 OK',
    'HTTP/1.1  200 OK',
    'HTTP/1.1\t200 OK',
  ],
  ...['ICY 200 OK', 'RTSP/1.0 200 OK', 'HTTP/1.1 200 O\x01K', ' HTTP/1.1 200 OK', 'HTTP/1.1 +20 OK', 'HTTP/1.1 2.0 OK'],
]
const FIELDS = [
  ...[
    'Server: test',
    'Set-Cookie: a=1; b="2"',
    'set-cookie: c=3',
    'X-Empty:',
    'X-Blank: \t ',
    'X-Latin: \xe9\xff',
    'x-a:b',
  ],
  ...[
    'Connection: close',
    'Connection: keep-alive',
    'Connection: Keep-Alive, X-A',
    'connection: ,close,',
    'Keep-Alive: timeout=5',
  ],
  ...[
    'Keep-Alive: timeout=0',
    'Trailer: X-T',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'X-Tab:\ta\tb\t',
    'Date: x',
    'Via: 1.1 a',
  ],
  ...[
    'X-A : b',
    ' X-A: b',
    'X A: b',
    'X-A',
    ': b',
    'X-A: a\0b',
    'X-A: a\x01b',
    'X-A: a\x7fb',
    'X-A: a\r\n b',
    'X-\xe9: b',
    'X-A: a\rb',
  ],
  ...[
    'X-A: a\nX-B: b',
    '"X": b',
    'X(A): b',
    'Proxy-Connection: close',
    'Content-Encoding: gzip',
    `X-Long: ${'a'.repeat(600)}`,
  ],
]
const FRAMINGS = [
  ...[
    'Content-Length: 5',
    'content-length: 05',
    'Content-Length: 4',
    'Content-Length: 6',
    'Content-Length: 0',
    'Content-Length: -5',
  ],
  ...[
    'Content-Length: +5',
    'Content-Length: 5, 5',
    'Content-Length: 5\r\nContent-Length: 5',
    'Content-Length: 5\r\nContent-Length: 4',
  ],
  ...[
    'Content-Length:',
    'Content-Length: 0x5',
    'Content-Length: 5 5',
    'Content-Length: 18446744073709551621',
    'Content-Length: 5\t ',
  ],
  ...[
    'Transfer-Encoding: chunked',
    'transfer-encoding: Chunked',
    'Transfer-Encoding: gzip, chunked',
    'Transfer-Encoding: xchunked',
  ],
  ...[
    'Transfer-Encoding: chunked, identity',
    'Transfer-Encoding: identity',
    'Transfer-Encoding:',
    'Transfer-Encoding: "chunked"',
  ],
  ...['Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', 'Transfer-Encoding: chunked\r\nContent-Length: 5'],
  ...[
    'Content-Length: 5\r\nTransfer-Encoding: chunked',
    'Transfer-Encoding: ,chunked',
    'Transfer-Encoding : chunked',
    'Content-Length : 5',
  ],
]
const BODIES = [
  ...['hello', 'hell', '', 'hello!', 'hello\r\n', 'helloHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ...[
    '5\r\nhello\r\n0\r\n\r\n',
    '2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n',
    '05;a=b\r\nhello\r\n000\r\n\r\n',
    '5;a="b;\\"c"\r\nhello\r\n0;x\r\n\r\n',
  ],
  ...[
    '5\r\nhello\r\n0\r\nX-T: 1\r\nX-U: 2\r\n\r\n',
    '5\r\nhello\r\n0\r\nContent-Length: 3\r\n\r\n',
    '5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n',
  ],
  ...[
    '5\r\nhello\r\n0\r\n',
    '5\r\nhello\r\n',
    '5\r\nhell',
    '5\nhello\n0\n\n',
    '5 \r\nhello\r\n0\r\n\r\n',
    ' 5\r\nhello\r\n0\r\n\r\n',
    '5;\r\nhello\r\n0\r\n\r\n',
  ],
  ...[
    '0x5\r\nhello\r\n0\r\n\r\n',
    '-5\r\nhello\r\n0\r\n\r\n',
    'g\r\nhello\r\n0\r\n\r\n',
    '\r\nhello\r\n0\r\n\r\n',
    '5\r\nhelloX\r\n0\r\n\r\n',
    '5\r\nhello0\r\n\r\n',
  ],
  ...[
    '5;a=\r\nhello\r\n0\r\n\r\n',
    '5;=b\r\nhello\r\n0\r\n\r\n',
    '5;a b\r\nhello\r\n0\r\n\r\n',
    '5;a="b\r\nhello\r\n0\r\n\r\n',
    '5;a="b"c\r\nhello\r\n0\r\n\r\n',
  ],
  ...[
    '5\r\nhello\r\n0\r\nX-T : 1\r\n\r\n',
    '5\r\nhello\r\n0\r\n X: 1\r\n\r\n',
    '5\r\nhello\r\n0\r\nX-T\r\n\r\n',
    '5\r\nhello\r\n0\r\nX: \x01\r\n\r\n',
    '5\r\nhello\r\n0\r\n\n',
  ],
  ...[
    'fffffffffffffffff\r\nhello',
    '5\r\nhello\r0\r\n\r\n',
    '5\r\nhello\n0\r\n\r\n',
    '5\r\nhello\r\n0\r\n\r\nX',
    '5;a\tb\r\nhello\r\n0\r\n\r\n',
    '5\t;a\r\nhello\r\n0\r\n\r\n',
  ],
]
const INTERIM = [
  ...[
    'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n',
    'HTTP/1.1 100 Continue\r\n\r\n',
    'HTTP/1.1 102 Processing\r\nX-A: 1\r\n\r\n',
  ],
  ...[
    'HTTP/1.1 103 X\r\nContent-Length: 5\r\n\r\n',
    'HTTP/1.1 102 X\r\nTransfer-Encoding: chunked\r\n\r\n',
    'HTTP/1.0 103 X\r\n\r\n',
  ],
  ...[
    'HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n',
    'HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
    '\r\n',
  ],
]
const ODD_BYTES = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '0',
  '1',
  'f',
  '"',
  '\x7f',
  '\xff',
  '\x0b',
  '\x0c',
  '=',
  '\\',
  'HTTP/1.1',
]
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
