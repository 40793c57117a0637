import type { Socket } from 'node:net'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { type GatewayProcess, spawnGateway } from '../support/gateway-process.ts'
import { FAULT_TIMEOUT_MS, type Making, runFault } from './run-fault.ts'
import { type SickServer, startFullServer, startSickServer } from './sick-server.ts'

/** Where a time-out is what is waited for; elsewhere those of the file's defaults are out of the way. */
const SHORT = { connect: '300ms', response: '300ms', idle: '300ms' }
/** The short ones, and room for a busy machine. */
const DECIDED_WITHIN_MS = 2000

/** No name of DNS has so long a part: nobody is asked, whatever the network of this machine. */
const UNKNOWN_NAME = `http://${'x'.repeat(64)}.invalid:8080`

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const PART = 'HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\npart'
const CHUNKS = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n'

/** Long enough for what was sent before to arrive: a reset would overtake it. */
const ARRIVAL_MS = 50

const answers = (bytes: string) => (socket: Socket) => socket.write(bytes)

describe.each(['lean', 'undici'])('with the client %s, a gateway whose upstream', (client) => {
  let main: SickServer
  let second: SickServer
  let full: Awaited<ReturnType<typeof startFullServer>>
  let gateway: GatewayProcess

  const fileWith = (urls: Readonly<Record<string, readonly string[]>>) => ({
    upstreamClient: client,
    upstreams: Object.fromEntries(
      Object.entries(urls).map(([name, all]) => [
        name,
        { urls: all, ...(name.startsWith('short') && { timeouts: SHORT }) },
      ]),
    ),
    routes: Object.keys(urls).map((name) => ({ path: `/${name}`, to: name, methods: ['GET'], public: 'for a test' })),
  })
  const good = () => ({
    main: [main.url],
    two: [main.url, second.url],
    moved: [main.url],
    short: [main.url],
    'short-two': [main.url, second.url],
    'short-full': [full.url],
  })

  beforeAll(async () => {
    main = await startSickServer(answers(OK))
    second = await startSickServer(answers(OK))
    full = await startFullServer()
    gateway = await spawnGateway(fileWith(good()))
  })
  afterAll(async () => {
    await gateway?.stop()
    for (const server of [main, second, full]) await server?.close()
  })

  type Row = Pick<Making, 'make' | 'mend'> & { readonly to?: string }
  const behaves = (act: Parameters<SickServer['behave']>[0]): Row => ({
    make: () => main.behave(act),
    mend: () => main.behave(answers(OK)),
  })
  const moved = (url: () => string): Row => ({
    to: 'moved',
    make: () => gateway.rewrite(fileWith({ ...good(), moved: [url()] })),
    mend: () => gateway.rewrite(fileWith(good())),
  })

  const ROWS: readonly (readonly [string, Row])[] = [
    ['refuses connections', { make: () => main.refuse(), mend: () => main.listen() }],
    ['closes before an answer', behaves((socket) => socket.end())],
    ['resets before an answer', behaves((socket) => socket.resetAndDestroy())],
    ['answers no HTTP', behaves(answers('SSH-2.0-OpenSSH_9.2\r\n\r\n'))],
    ['has a name that does not resolve', moved(() => UNKNOWN_NAME)],
    ['has a certificate that nobody vouches for', moved(() => second.secureUrl)],
    [
      'has all of its addresses down',
      {
        to: 'two',
        make: () => Promise.all([main.refuse(), second.refuse()]),
        mend: () => Promise.all([main.listen(), second.listen()]),
      },
    ],
    ['never accepts a connection', { to: 'short-full', make: () => full.fill(), mend: () => full.empty() }],
    ['accepts and never answers', { to: 'short', ...behaves(() => {}) }],
    [
      'resets inside the body',
      behaves((socket) => socket.write(PART, () => setTimeout(() => socket.resetAndDestroy(), ARRIVAL_MS))),
    ],
    ['closes before the announced length', behaves((socket) => socket.end(PART))],
    ['closes inside the chunks', behaves((socket) => socket.end(CHUNKS))],
    ['stalls inside the body', { to: 'short', ...behaves(answers(PART)) }],
    ['sends more than the announced length', behaves(answers(`${OK}poison`))],
    ['has one of two addresses down', { to: 'two', make: () => second.refuse(), mend: () => second.listen() }],
    [
      'has one of two addresses that hangs',
      { to: 'short-two', make: () => second.behave(() => {}), mend: () => second.behave(answers(OK)) },
    ],
  ]

  it.for(ROWS)('%s', { timeout: FAULT_TIMEOUT_MS }, async ([fault, { to = 'main', ...making }], context) => {
    await runFault(context, 'an upstream', fault, {
      gateway,
      note: client,
      paths: { any: `/${to}` },
      tokens: ['-', '-', '-'],
      decidedWithinMs: DECIDED_WITHIN_MS,
      // None, but for the two reloads that make and mend some.
      maxLines: to === 'moved' ? 2 : 0,
      // Each of the slow ones is waited for.
      during: to.startsWith('short') ? 3 : 10,
      ...making,
    })
  })
})
