/** Tickets and tokens among subprotocols as a browser uses them: WebSocket and EventSource from a page of another origin. */
import type { Socket } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { describeWithBrowser, launchBrowser } from '../support/browser.ts'
import { createTestClock, type TestClock } from '../support/clock.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { createTestIssuer, type TestIssuer } from '../support/test-issuer.ts'
import { type RawUpstream, startRawUpstream } from '../support/upstream.ts'
import { startWebOrigin, type WebOrigin } from '../support/web-page.ts'
import { serverFrame, switching } from '../support/websocket.ts'

const LIFE_S = 300
const PATIENCE = { timeout: 15_000 }
const EVENTS =
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\ne\r\ndata: hello\n\n\n\r\n'

/** Greets whoever comes: with a frame, or with an event. `protocols` are those that it takes up. */
function greeting(protocols: readonly string[]): (socket: Socket) => void {
  return (socket) =>
    socket.once('data', (chunk) => {
      const head = chunk.toString('latin1')
      const key = /sec-websocket-key: (\S+)/i.exec(head)?.[1]
      const offered = /sec-websocket-protocol: (.*)/i.exec(head)?.[1]?.split(/[,\s]+/) ?? []
      const chosen = offered.find((one) => protocols.includes(one))
      const fields = chosen === undefined ? [] : [`Sec-WebSocket-Protocol: ${chosen}`]
      if (key === undefined) socket.write(EVENTS)
      else socket.write(Buffer.concat([Buffer.from(switching(key, ...fields)), serverFrame('hello')]))
    })
}

describeWithBrowser('a page that cannot set Authorization', () => {
  let browser: Browser
  let shop: WebOrigin
  let foreign: WebOrigin
  let issuer: TestIssuer
  let upstream: RawUpstream
  let gateway: TestGateway
  let clock: TestClock
  let page: Page

  beforeAll(async () => {
    browser = await launchBrowser()
    ;[shop, foreign] = [await startWebOrigin(), await startWebOrigin()]
    issuer = await createTestIssuer()
    upstream = await startRawUpstream(greeting(['chat']))
    clock = createTestClock(Date.now())
    const allow = [{ methods: ['GET'], scopes: 'chat' }]
    gateway = await startGateway(
      {
        issuers: { main: { issuer: issuer.issuer, audience: 'shop-api', clockSkew: '0s' } },
        upstreams: { app: upstream.url },
        cors: { spa: { origins: [shop.origin] } },
        defaults: { issuer: 'main', cors: 'spa' },
        routes: [
          { path: '/events', to: 'app', tokenFrom: ['ticket'], allow },
          { path: '/ws', to: 'app', websocket: true, tokenFrom: ['ticket', 'subprotocol'], allow },
        ],
      },
      {},
      { clock },
    )
  })
  afterAll(async () => {
    await browser?.close()
    await Promise.all([gateway, upstream, issuer, shop, foreign].map((one) => one?.close()))
  })
  beforeEach(async () => {
    page = await (await browser.newContext()).newPage()
    await page.goto(shop.origin)
    return () => page.context().close()
  })

  const mint = () =>
    issuer.mint({ scope: 'chat', exp: Math.floor(clock.now() / 1000) + LIFE_S }, { nowMs: clock.now() })

  /** As a page does it: with `fetch`. `unreadable`: it may not have the answer. */
  function getTicket(token: string): Promise<string> {
    return page.evaluate(
      async ([url, bearer]) => {
        try {
          const answer = await fetch(url, { method: 'POST', headers: { Authorization: `Bearer ${bearer}` } })
          return ((await answer.json()) as { ticket: string }).ticket
        } catch {
          return 'unreadable'
        }
      },
      [`${gateway.url}/.gateway/ticket`, token] as const,
    )
  }

  /** What a socket of the page has seen, in its order; it goes on after this has resolved with the first event. */
  async function openSocket(query: string, protocols: string[]): Promise<() => Promise<readonly string[]>> {
    const seen = await page.evaluateHandle(
      ([url, offered]) => {
        const list: string[] = []
        const socket = new WebSocket(url, offered)
        socket.onopen = () => list.push(`open ${socket.protocol}`)
        socket.onmessage = ({ data }) => list.push(`message ${data}`)
        socket.onclose = ({ code, reason, wasClean }) => list.push(`close ${code} ${reason} ${wasClean}`)
        return list
      },
      [`${gateway.url.replace('http', 'ws')}/ws${query}`, protocols] as const,
    )
    return () => seen.jsonValue()
  }

  it('opens a WebSocket with a ticket, once, and is told with 4401 when the token is over', async () => {
    const ticket = await getTicket(await mint())
    const seen = await openSocket(`?ticket=${ticket}`, [])
    await expect.poll(seen, PATIENCE).toEqual(['open ', 'message hello'])
    clock.advance(LIFE_S * 1000)
    await expect.poll(seen, PATIENCE).toEqual(['open ', 'message hello', 'close 4401 token expired true'])
    const again = await openSocket(`?ticket=${ticket}`, [])
    await expect.poll(again, PATIENCE).toEqual(['close 1006  false'])
  })

  it.each([
    [['bearer', 'T'], 'bearer'],
    [['bearer', 'T', 'chat'], 'chat'],
    [['other', 'bearer', 'T'], 'bearer'],
  ])('opens a WebSocket with its token among the subprotocols %j', async (protocols, chosen) => {
    const token = await mint()
    const seen = await openSocket(
      '',
      protocols.map((one) => (one === 'T' ? token : one)),
    )
    await expect.poll(seen, PATIENCE).toEqual([`open ${chosen}`, 'message hello'])
    clock.advance(LIFE_S * 1000)
    await expect.poll(seen, PATIENCE).toEqual([`open ${chosen}`, 'message hello', 'close 4401 token expired true'])
    expect(upstream.text()).not.toContain(token)
  })

  it('reads events with a ticket, and gives up when the token is over: the ticket is spent', async () => {
    const ticket = await getTicket(await mint())
    const seen = await page.evaluateHandle((url) => {
      const list: string[] = []
      const events = new EventSource(url)
      events.onmessage = ({ data }) => list.push(`message ${data}`)
      events.onerror = () => list.push(`error ${events.readyState}`)
      return list
    }, `${gateway.url}/events?ticket=${ticket}`)
    await expect.poll(() => seen.jsonValue(), PATIENCE).toEqual(['message hello'])
    clock.advance(LIFE_S * 1000)
    await expect.poll(() => seen.jsonValue(), PATIENCE).toEqual(['message hello', 'error 0', 'error 2'])
    expect(upstream.text()).not.toContain(ticket)
  })

  it('gets no ticket on an origin that the file does not name', async () => {
    await page.goto(foreign.origin)
    expect(await getTicket(await mint())).toBe('unreadable')
  })
})
