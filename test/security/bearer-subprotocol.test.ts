/** A token among the subprotocols of a WebSocket; and the log of all that pages send. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { waitFor } from '../support/wait-for.ts'
import { KEY, switching } from '../support/websocket.ts'
import { bearer, type PageTokenTarget, startPageTokenTarget } from './page-token-target.ts'

let target: PageTokenTarget
beforeAll(async () => {
  target = await startPageTokenTarget()
})
afterAll(() => target?.close())

const ask: PageTokenTarget['ask'] = (line, ...fields) => target.ask(line, ...fields)
const mint = (claims = {}) => target.mint(claims)
const newTicket = (claims = {}) => target.newTicket(claims)
const open: PageTokenTarget['open'] = (path, ...fields) => target.open(path, ...fields)

describe('a token among the subprotocols', () => {
  const offer = (...protocols: string[]) => `Sec-WebSocket-Protocol: ${protocols.join(', ')}`

  it('opens a WebSocket, and neither the upstream nor the answer has it', async () => {
    const token = await mint()
    target.answerWith(switching(KEY, 'Sec-WebSocket-Protocol: chat'))
    const { head, asked } = await open('/ws', offer('other', 'bearer', token, 'chat'))
    target.answerWith(switching())
    expect(head.status).toBe(101)
    expect(head.headers.get('sec-websocket-protocol')).toEqual(['chat'])
    expect(asked).toContain('Sec-WebSocket-Protocol: other, chat\r\n')
    expect(head.text + asked).not.toContain(token)
    expect(asked.toLowerCase()).not.toContain('bearer')
  })

  it.each([
    [['bearer', 'T'], 'bearer'],
    [['Bearer', 'T'], 'Bearer'],
    [['chat', 'BEARER', 'T'], 'BEARER'],
  ])('is answered with the word before it when the upstream chooses none: %j', async (protocols, chosen) => {
    const token = await mint()
    const { head, asked } = await open('/ws', offer(...protocols.map((it) => (it === 'T' ? token : it))))
    expect(head.status).toBe(101)
    expect(head.headers.get('sec-websocket-protocol')).toEqual([chosen])
    expect(asked).not.toContain(token)
    expect(asked.includes('Sec-WebSocket-Protocol')).toBe(protocols.includes('chat'))
  })

  it('is found in two fields as in one', async () => {
    const token = await mint()
    const { head, asked } = await open('/ws', offer('chat', 'bearer'), `sec-websocket-protocol: ${token}, ,other`)
    expect(head.status).toBe(101)
    expect(asked).toContain('Sec-WebSocket-Protocol: chat, other\r\n')
    expect(asked).not.toContain(token)
  })

  it('is judged like every other one', async () => {
    const over = await mint({ exp: 1 })
    expect((await open('/ws', offer('bearer', over))).head.status).toBe(401)
    expect((await open('/ws', offer('bearer', await mint({ scope: 'other' })))).head.status).toBe(403)
  })

  it.each([
    ['an Authorization field', async (token: string) => ['/ws', offer('bearer', token), bearer(token)]],
    ['a ticket', async (token: string) => [`/ws?ticket=${await newTicket()}`, offer('bearer', token)]],
    ['another one', async (token: string) => ['/ws', offer('bearer', token, 'bearer', token)]],
    ['nothing: the word alone', async () => ['/ws', offer('chat', 'bearer')]],
    ['more than a token', async (token: string) => ['/ws', offer('bearer', `${token} x`)]],
  ])('is a 400 beside %s', async (_, toLines) => {
    const [path = '', ...fields] = await toLines(await mint())
    const { head, asked } = await open(path, ...fields)
    expect(head.status).toBe(400)
    expect(asked).toBe('')
  })

  it('is no credential where the route does not say so', async () => {
    for (const path of ['/ws-plain', '/ws-ticket']) {
      expect((await open(path, offer('bearer', await mint()))).head.status).toBe(401)
    }
  })

  it('is no credential of an ordinary request', async () => {
    expect((await ask('GET /ws', offer('bearer', await mint()))).status).toBe(401)
  })
})

describe('the log', () => {
  it('has no ticket and no token, whatever became of the request', async () => {
    const token = await mint()
    const tickets = [await target.ticketFor(token), await target.ticketFor(token)] as const
    const lines = [
      `GET /events?ticket=${tickets[0]}`,
      `GET /events?%74icket=${tickets[0]}`,
      `GET /none?ticket=${tickets[1]}`,
    ]
    for (const line of lines) await ask(line, `Referer: ${target.gateway.url}/?ticket=${tickets[0]}`)
    await open(`/ws?ticket=${tickets[1]}`)
    await open('/ws', `Sec-WebSocket-Protocol: bearer, ${token}`)
    await open('/ws', `Sec-WebSocket-Protocol: bearer, ${token}x`)
    await waitFor('the last lines', () => target.gateway.logs().filter(({ route }) => route === '/ws').length > 2)
    for (const secret of [...tickets, ...token.split('.').slice(1)])
      expect(target.gateway.logText()).not.toContain(secret)
  })
})
