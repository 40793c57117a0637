/** Clients that mean harm or have gone astray. Those that wait for an answer must get a refusal. */
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseAnswer, sendRaw } from '../../test/support/raw-http.ts'
import { withBrokenSignature } from '../../test/support/tokens.ts'
import { type BadToken, badTokens } from '../growth/attack-tokens.ts'
import { upgradeRequest } from './good-visitors.ts'
import type { Shop } from './shop.ts'
import type { Visitor } from './visitor.ts'

const HOST = 'Host: shop.example.com'

/** The status, or `closed` when the connection ended before it could be read. */
async function statusOf(shop: Shop, bytes: string): Promise<string> {
  const { status } = parseAnswer(await sendRaw(shop.gateway.url, Buffer.from(bytes, 'latin1')))
  return status === 0 ? 'closed' : String(status)
}

function oneOf<T>(list: readonly T[]): T {
  return list[Math.floor(Math.random() * list.length)] as T
}

const MALFORMED = [
  'GET\r\n\r\n',
  'nonsense\r\n\r\n',
  `GET /orders/7 HTTP/1.1\r\n${HOST}\r\nA b: c\r\n\r\n`,
  'GET /orders/7 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
  `GET /orders/7 HTTP/1.1\r\n${HOST}\r\n folded: x\r\n\r\n`,
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
]

/** What stands behind the body by one reading is a request by the other. */
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: shop.example.com\r\n\r\n'
const FRAMINGS = [
  ['Content-Length: 5', 'Transfer-Encoding: chunked'],
  ['Content-Length: 5', 'Content-Length: 6'],
  ['Transfer-Encoding: chunked, identity'],
  ['Transfer-Encoding: xchunked'],
  ['Content-Length: +5'],
]

async function smuggle(shop: Shop): Promise<string> {
  const { token } = await shop.users.known()
  const fields = [HOST, `Authorization: Bearer ${token}`, ...oneOf(FRAMINGS)]
  return statusOf(shop, `${['POST /orders HTTP/1.1', ...fields].join('\r\n')}\r\n\r\n0\r\n\r\n${SMUGGLED}`)
}

const PATHS = ['/orders/%2e%2e/smuggled', '/orders/..%2fsmuggled', '//orders/7', '/orders\\..\\smuggled', '/orders/%00']

async function confuse(shop: Shop): Promise<string> {
  const { token } = await shop.users.known()
  const fields = [HOST, `Authorization: Bearer ${token}`, 'Connection: close']
  return statusOf(shop, `${[`GET ${oneOf(PATHS)} HTTP/1.1`, ...fields].join('\r\n')}\r\n\r\n`)
}

const SIZES = [
  ['414', `GET /orders/${'x'.repeat(9 * 1024)} HTTP/1.1\r\n${HOST}\r\nConnection: close\r\n\r\n`],
  ['431', `GET /orders/7 HTTP/1.1\r\n${HOST}\r\nX-Long: ${'x'.repeat(20 * 1024)}\r\nConnection: close\r\n\r\n`],
] as const

async function exceed(shop: Shop): Promise<string> {
  const [status, bytes] = oneOf(SIZES)
  const got = await statusOf(shop, bytes)
  return got === status || got === 'closed' ? 'refused' : got
}

async function exceedBody(shop: Shop): Promise<string> {
  const { token } = await shop.users.known()
  const fields = [HOST, `Authorization: Bearer ${token}`, 'Content-Length: 1000000', 'Connection: close']
  return statusOf(shop, `${['POST /orders HTTP/1.1', ...fields].join('\r\n')}\r\n\r\n`)
}

async function withToken(shop: Shop, token: string): Promise<string> {
  return statusOf(
    shop,
    `GET /orders/7 HTTP/1.1\r\n${HOST}\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`,
  )
}

const KINDS: readonly BadToken[] = ['garbage', 'unknownKid', 'badSignature']

async function badToken(shop: Shop): Promise<string> {
  const { token } = await shop.users.known()
  return withToken(shop, oneOf([...KINDS.flatMap((kind) => badTokens(kind, token, 1)), withBrokenSignature(token)]))
}

/** Well signed, and yet not for this API or not for now. */
async function wrongToken(shop: Shop): Promise<string> {
  const nowS = Math.floor(Date.now() / 1000)
  const claims = [
    { exp: nowS - 3600, iat: nowS - 7200 },
    { aud: 'billing-api' },
    { iss: 'https://id.example.com' },
    { typ: 'ID' },
  ]
  const { token } = await shop.users.fresh(oneOf(claims))
  return withToken(shop, token)
}

/** Sends, stays for a while without reading more than comes by itself, and resets the connection. */
async function leave({ gateway }: Shop, bytes: string, afterMs: number, reads = true): Promise<'left'> {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(gateway.url).port) })
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.on('error', () => {})
  if (reads) socket.resume()
  socket.write(bytes)
  await sleep(afterMs)
  socket.resetAndDestroy()
  await closed
  return 'left'
}

/** A byte of a header now and then, until the gateway has had enough. */
async function dawdle({ gateway }: Shop): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(gateway.url).port) })
  let text = ''
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket
    .on('error', () => {})
    .on('data', (chunk) => {
      text += chunk.toString('latin1')
    })
  socket.write(`GET /orders/7 HTTP/1.1\r\n${HOST}\r\nX-Slow: `)
  const timer = setInterval(() => socket.write('x'), 250)
  await closed
  clearInterval(timer)
  return text === '' ? 'closed' : text.slice(9, 12)
}

async function asked(shop: Shop, line: string, ...more: string[]): Promise<string> {
  const { token } = await shop.users.known()
  return `${[line, HOST, `Authorization: Bearer ${token}`, ...more].join('\r\n')}\r\n\r\n`
}

function leaves(name: string, perSecond: number, visit: Visitor['visit']): Visitor {
  return { name, perSecond, expects: ['left'], visit }
}

function isRefused(name: string, perSecond: number, expects: readonly string[], visit: Visitor['visit']): Visitor {
  return { name, perSecond, expects, visit }
}

export const HOSTILE_VISITORS: readonly Visitor[] = [
  // Of an unknown key nobody can say whether it is the issuer's while the issuer does not answer.
  { ...isRefused('bad token', 12, ['401'], badToken), excuses: { issuer: ['503'] }, tolerates: ['503'] },
  isRefused('wrong token', 3, ['401'], wrongToken),
  isRefused('malformed', 3, ['400', 'closed'], (shop) => statusOf(shop, oneOf(MALFORMED))),
  isRefused('smuggling', 3, ['400', '501', 'closed'], smuggle),
  isRefused('confusing path', 3, ['400'], confuse),
  isRefused('too long', 2, ['refused'], exceed),
  isRefused('body too large', 1, ['413', 'closed'], exceedBody),
  isRefused('slow header', 1, ['408', 'closed'], dawdle),
  leaves('leaves during an upload', 2, async (shop) =>
    leave(shop, `${await asked(shop, 'POST /upload HTTP/1.1', 'Content-Length: 1000000')}${'x'.repeat(100_000)}`, 50),
  ),
  leaves('leaves during a download', 2, async (shop) =>
    leave(shop, await asked(shop, 'GET /download/4000000 HTTP/1.1'), 20),
  ),
  leaves('stops reading', 0.5, async (shop) =>
    leave(shop, await asked(shop, 'GET /download/4000000 HTTP/1.1'), 3000, false),
  ),
  leaves('leaves events', 1, async (shop) => leave(shop, await asked(shop, 'GET /events HTTP/1.1'), 300)),
  leaves('leaves a websocket', 1, async (shop) => leave(shop, upgradeRequest((await shop.users.known()).token), 300)),
  leaves('leaves before the answer', 1, async (shop) =>
    leave(shop, await asked(shop, 'GET /faulty/late HTTP/1.1'), 100),
  ),
  leaves('leaves at once', 3, (shop) => leave(shop, '', 0)),
]
