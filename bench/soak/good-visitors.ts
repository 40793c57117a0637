/** Clients that behave. What they must get is exact; while a fault lasts, its own few answers are right as well. */
import { type Dispatcher, request } from 'undici'
import { connectRaw } from '../../test/support/raw-client.ts'
import type { Shop } from './shop.ts'
import { type Echo, EVENTS } from './upstream.ts'
import type { User } from './users.ts'
import type { Visitor } from './visitor.ts'

interface Asked {
  readonly user?: User
  readonly method?: Dispatcher.HttpMethod
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer
  /** On a connection of its own. */
  readonly alone?: boolean
}

interface Answer {
  readonly status: number
  readonly text: string
}

/** While the service is away it is a bad gateway, and answers on their way are cut. */
const FORWARDED = { upstream: ['502', 'cut'] }
const DOWNLOAD_BYTES = 1024 ** 2
const UPLOAD = Buffer.alloc(2 * 1024 ** 2, 'x')

/** Undefined: the connection ended before the answer did. */
async function ask({ gateway, kept }: Shop, path: string, asked: Asked = {}): Promise<Answer | undefined> {
  const { user, method = 'GET', headers, body, alone = false } = asked
  const fields = {
    'x-forwarded-for': `198.51.${Math.floor(Math.random() * 256)}.${Math.floor(Math.random() * 256)}`,
    ...(user !== undefined && { authorization: `Bearer ${user.token}` }),
    ...headers,
  }
  try {
    const options = { dispatcher: kept, method, headers: fields, reset: alone, ...(body !== undefined && { body }) }
    const answer = await request(gateway.url + path, options)
    return { status: answer.statusCode, text: await answer.body.text() }
  } catch {
    return undefined
  }
}

async function statusOf(shop: Shop, path: string, asked?: Asked): Promise<string> {
  return String((await ask(shop, path, asked))?.status ?? 'cut')
}

/** `ok` when the service saw what was sent, from whom it was sent. */
async function echoed(shop: Shop, path: string, asked: Asked = {}): Promise<string> {
  const answer = await ask(shop, path, asked)
  if (answer?.status !== 200) return String(answer?.status ?? 'cut')
  const echo = JSON.parse(answer.text) as Echo
  const sent: Echo = {
    method: asked.method ?? 'GET',
    url: path,
    subject: asked.user?.subject ?? '',
    bytes: asked.body?.length ?? 0,
  }
  return JSON.stringify(echo) === JSON.stringify(sent) ? 'ok' : `not what was sent: ${answer.text}`
}

const some = () => Math.floor(Math.random() * 10_000)

function forwarded(name: string, perSecond: number, visit: Visitor['visit']): Visitor {
  return { name, perSecond, expects: ['ok'], excuses: FORWARDED, visit }
}

function refused(name: string, perSecond: number, status: string, visit: Visitor['visit']): Visitor {
  return { name, perSecond, expects: [status], visit }
}

async function download(shop: Shop): Promise<string> {
  const answer = await ask(shop, `/download/${DOWNLOAD_BYTES}`, { user: await shop.users.known() })
  if (answer?.status !== 200) return String(answer?.status ?? 'cut')
  return answer.text.length === DOWNLOAD_BYTES ? 'ok' : `${answer.text.length} bytes`
}

async function readEvents(shop: Shop): Promise<string> {
  const answer = await ask(shop, '/events', { user: await shop.users.known() })
  if (answer?.status !== 200) return String(answer?.status ?? 'cut')
  const events = answer.text.split('\n\n').length - 1
  return events === EVENTS ? 'ok' : `${events} events`
}

export function upgradeRequest(token: string): string {
  const fields = [
    'Host: shop.example.com',
    'Connection: Upgrade',
    'Upgrade: websocket',
    `Authorization: Bearer ${token}`,
  ]
  const key = ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']
  return `${['GET /socket HTTP/1.1', ...fields, ...key].join('\r\n')}\r\n\r\n`
}

async function talk(shop: Shop): Promise<string> {
  const { token } = await shop.users.known()
  const client = await connectRaw(shop.gateway.url, upgradeRequest(token))
  const gone = client.closed.then(() => 'gone' as const)
  const first = await Promise.race([client.until(' '), gone])
  const status = await Promise.race([client.until('\r\n\r\n').then((text) => text.slice(9, 12)), gone])
  if (first === 'gone' || status !== '101') {
    client.socket.destroy()
    return status === 'gone' ? 'cut' : status
  }
  client.socket.write('one ')
  const heard = await Promise.race([client.until('one '), gone])
  client.socket.write('two')
  const both = heard === 'gone' ? heard : await Promise.race([client.until('one two'), gone])
  client.socket.destroy()
  return both === 'gone' ? 'cut' : 'ok'
}

/** Three requests of somebody new, of whom two may pass. */
async function overTheLimit(shop: Shop): Promise<string> {
  const user = await shop.users.fresh()
  const statuses: string[] = []
  for (let turn = 0; turn < 3; turn++) statuses.push(await statusOf(shop, '/tight', { user }))
  return statuses.some((status) => status === '502' || status === 'cut') ? 'not forwarded' : statuses.join(' ')
}

const UNCOUNTED = '200 200 200'

export const GOOD_VISITORS: readonly Visitor[] = [
  forwarded('read', 40, async (shop) => echoed(shop, `/orders/${some()}`, { user: await shop.users.known() })),
  forwarded('read with a new token', 10, async (shop) =>
    echoed(shop, `/orders/${some()}`, { user: await shop.users.fresh() }),
  ),
  forwarded('write', 8, async (shop) =>
    echoed(shop, '/orders', { user: await shop.users.known(), method: 'POST', body: Buffer.from('{"tea":1}') }),
  ),
  forwarded('spoofed identity', 5, async (shop) =>
    echoed(shop, '/orders/1', {
      user: await shop.users.known(),
      headers: { 'x-user-id': 'admin', 'X-USER-ID': 'root' },
    }),
  ),
  forwarded('public', 8, (shop) => echoed(shop, `/catalog/${some()}`)),
  forwarded('one connection each', 5, async (shop) =>
    echoed(shop, `/orders/${some()}`, { user: await shop.users.known(), alone: true }),
  ),
  forwarded('upload', 0.5, async (shop) =>
    echoed(shop, '/upload', { user: await shop.users.known(), method: 'POST', body: UPLOAD }),
  ),
  forwarded('download', 1, download),
  forwarded('events', 1, readEvents),
  forwarded('websocket', 1, (shop) => talk(shop).catch(() => 'hung')),
  refused('no scope', 3, '403', async (shop) =>
    statusOf(shop, '/orders/7', { user: await shop.users.fresh({ scope: 'openid' }) }),
  ),
  refused('no token', 3, '401', (shop) => statusOf(shop, '/orders/7')),
  refused('no route', 3, '404', async (shop) => statusOf(shop, '/nowhere', { user: await shop.users.known() })),
  refused('no method', 2, '405', async (shop) =>
    statusOf(shop, '/orders/7', { user: await shop.users.known(), method: 'DELETE' }),
  ),
  refused('preflight', 2, '204', (shop) =>
    statusOf(shop, '/orders/7', {
      method: 'OPTIONS',
      headers: { origin: 'https://shop.example.com', 'access-control-request-method': 'GET' },
    }),
  ),
  {
    ...{ name: 'over the limit', perSecond: 1, expects: ['200 200 429'] },
    // Counted by the gateway itself while Redis is away, from 0 on.
    excuses: { redis: [UNCOUNTED], upstream: ['not forwarded'] },
    tolerates: [UNCOUNTED],
    visit: overTheLimit,
  },
  {
    ...{ name: 'denied without Redis', perSecond: 3, expects: ['200'] },
    excuses: { redis: ['503'], upstream: ['502', 'cut'] },
    tolerates: ['503'],
    visit: async (shop) => statusOf(shop, '/strict', { user: await shop.users.known() }),
  },
  refused('upstream resets', 2, '502', async (shop) =>
    statusOf(shop, '/faulty/reset', { user: await shop.users.known() }),
  ),
  {
    ...{ name: 'upstream cuts its answer', perSecond: 1, expects: ['cut'], excuses: FORWARDED },
    visit: async (shop) => statusOf(shop, '/faulty/half', { user: await shop.users.known() }),
  },
  {
    ...{ name: 'upstream never answers', perSecond: 1, expects: ['504'], excuses: { upstream: ['502'] } },
    visit: async (shop) => statusOf(shop, '/faulty/late', { user: await shop.users.known() }),
  },
]
