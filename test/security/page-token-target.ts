/** A gateway whose routes take tokens of pages that cannot set Authorization, before two upstreams. */
import { expect } from 'vitest'
import { createTestClock } from '../support/clock.ts'
import { startGateway } from '../support/gateway.ts'
import { connectRaw } from '../support/raw-client.ts'
import { parseAnswer, type RawAnswer, request } from '../support/raw-http.ts'
import { createTestIssuer } from '../support/test-issuer.ts'
import { startRawUpstream, startUpstream } from '../support/upstream.ts'
import { echoing, handshake, switching } from '../support/websocket.ts'

export const PAGE = 'https://shop.example'

export type PageTokenTarget = Awaited<ReturnType<typeof startPageTokenTarget>>

export async function startPageTokenTarget() {
  const clock = createTestClock(Date.now())
  const issuer = await createTestIssuer()
  const foreign = await createTestIssuer()
  const upstream = await startUpstream()
  /** What the upstream of WebSockets answers. */
  let answer = switching()
  const sockets = await startRawUpstream(echoing(() => answer))
  const allow = [{ methods: 'any', scopes: 'chat' }]
  const get = [{ methods: ['GET'], token: 'any' }]
  const gateway = await startGateway(
    {
      log: { level: 'trace' },
      issuers: {
        main: { issuer: issuer.issuer, audience: 'shop-api' },
        foreign: { issuer: foreign.issuer, audience: 'shop-api' },
      },
      upstreams: { app: upstream.url, sockets: sockets.url },
      cors: { spa: { origins: [PAGE] } },
      defaults: { issuer: 'main', cors: 'spa' },
      rateLimits: { few: { limit: 2, window: '1m', key: 'token.sub' } },
      tickets: { rateLimits: ['few'] },
      routes: [
        { path: '/events', to: 'app', tokenFrom: ['ticket'], allow },
        { path: '/forwarded', to: 'app', tokenFrom: ['ticket'], identity: { authorization: 'forward' }, allow },
        { path: '/ws', to: 'sockets', websocket: true, tokenFrom: ['ticket', 'subprotocol'], allow },
        { path: '/ws-ticket', to: 'sockets', websocket: true, tokenFrom: ['ticket'], allow },
        { path: '/ws-plain', to: 'sockets', websocket: true, allow },
        { path: '/mixed', to: 'app', tokenFrom: ['ticket'], methods: ['POST'], public: 'for tests', allow: get },
        { path: '/plain', to: 'app', allow },
        { path: '/foreign', to: 'app', issuer: 'foreign', allow },
      ],
    },
    {},
    { clock },
  )

  let people = 0
  const ask = (line: string, ...fields: string[]) => request(gateway.url, [`${line} HTTP/1.1`, ...fields])
  /** A token of somebody new, for whom no limit has counted anything. */
  const mint = (claims = {}) => {
    people += 1
    return issuer.mint({ scope: 'chat', sub: `u-${people}`, ...claims }, { nowMs: clock.now() })
  }
  const askTicket = (...fields: string[]) => ask('POST /.gateway/ticket', 'Content-Length: 0', ...fields)
  async function ticketFor(token: string): Promise<string> {
    const { status, body } = await askTicket(bearer(token))
    expect(status).toBe(200)
    return (JSON.parse(body) as { ticket: string }).ticket
  }

  return {
    ...{ clock, gateway, upstream, ask, askTicket, mint, ticketFor },
    mintForeign: () => foreign.mint(),
    /** The person for whom the last token was made. */
    lastPerson: () => `u-${people}`,
    newTicket: async (claims = {}) => ticketFor(await mint(claims)),
    /** From now on WebSockets are answered with this. */
    answerWith(text: string) {
      answer = text
    },
    /** The head of the answer to a handshake, and what the upstream was asked. */
    async open(path: string, ...fields: string[]): Promise<{ readonly head: RawAnswer; readonly asked: string }> {
      const before = sockets.text().length
      const client = await connectRaw(gateway.url, handshake(path, ...fields))
      const head = parseAnswer(await client.until('\r\n\r\n'))
      client.socket.destroy()
      await client.closed
      return { head, asked: sockets.text().slice(before) }
    },
    async close() {
      for (const one of [gateway, sockets, upstream, foreign, issuer]) await one.close()
    },
  }
}

export const bearer = (token: string) => `Authorization: Bearer ${token}`
export const code = ({ body }: RawAnswer) => (JSON.parse(body) as { code: string }).code
