/** The way to an upstream, and who is told of an end. */
import { inFile, type Mutant } from './mutant.ts'

const FAULTS = ['integration/forwarding/faults.test.ts']
const LEAN = ['contract/upstream-client-lean.test.ts']
const ABORTS = ['integration/forwarding/aborts.test.ts']
const TIMEOUTS = ['integration/forwarding/timeouts.test.ts']
const UPGRADE = ['integration/forwarding/upgrade.test.ts']
const REQUESTS = ['integration/request-path.test.ts']
const EXPECT = ['integration/forwarding/expect-and-forms.test.ts']
const STREAMING = ['integration/forwarding/streaming.test.ts']

const writer = inFile('forwarding/request-writer.ts', LEAN, [
  {
    id: 'sent-line',
    find: 'if (!TOKEN.test(method) || !TARGET.test(path) || (upgrade !== undefined && !TOKEN.test(upgrade))) return undefined',
    replace: 'void TARGET',
    removes: 'nothing in a method or path ends the request line',
    guards: ['pitfall 18', 'CVE-2026-39998'],
  },
  {
    id: 'sent-values',
    find: "if (use === 'refuse' || NOT_IN_VALUE.test(value)) return undefined",
    replace: "if (use === 'refuse') return undefined",
    removes: 'no value ends a line',
    guards: ['CVE-2026-39998', 'pitfall 18'],
  },
  {
    id: 'sent-names',
    find: "if (!TOKEN.test(name) || RESERVED.has(key)) return 'refuse'",
    replace: "if (RESERVED.has(key)) return 'refuse'",
    removes: 'no name ends a line',
    guards: ['CVE-2026-39998'],
  },
  {
    id: 'sent-framing',
    find: "if (!TOKEN.test(name) || RESERVED.has(key)) return 'refuse'",
    replace: "if (!TOKEN.test(name) || RESERVED.size < 1) return 'refuse'",
    removes: 'the framing is the writer’s own',
    guards: ['RFC 9112 6.1'],
  },
  {
    id: 'sent-length',
    find: "return known === 'unknown' || known === length ? length : undefined",
    replace: 'return length',
    removes: 'the length is that of the body',
    guards: ['RFC 9112 6.2'],
  },
  {
    id: 'sent-last',
    find: 'const isLast = upgrade !== undefined || (body !== null && !WITH_BODY.has(method))',
    replace: 'const isLast = upgrade !== undefined',
    removes: 'a body that a server may overlook is the last on its connection',
    guards: ['RFC 9112 9.3'],
  },
])

const door = inFile('forwarding/forward.ts', EXPECT, [
  {
    id: 'announced-size',
    find: "throw new GatewayError('body_too_large', 'content_length')",
    replace: 'void GatewayError',
    removes: 'a body that is announced as too large is not asked for',
    guards: ['pitfall 16'],
  },
])

const attempts = inFile('forwarding/attempts.ts', FAULTS, [
  {
    id: 'repeat-safe',
    find: "const isSafe = (method === 'GET' || method === 'HEAD') && !hasBody",
    replace: "const isSafe = method !== '' && !hasBody",
    removes: 'only safe requests are sent again',
    guards: ['RFC 9110 9.2.2', 'pitfall 19'],
  },
  {
    id: 'repeat-once',
    find: '    this.#repeated = true\n',
    replace: '',
    removes: 'a request is sent again once',
    guards: ['RFC 9110 9.2.2'],
  },
  {
    id: 'body-not-twice',
    find: 'return !bodyBegun && this.#tried',
    replace: 'return (!bodyBegun || bodyBegun) && this.#tried',
    removes: 'a body that was begun is not sent to another address',
    tests: ['integration/forwarding/addresses.test.ts'],
    guards: ['RFC 9110 9.2.2'],
    survives: 'a body is begun once there is a connection, and no later failure is one of connecting: a second line',
  },
])

const transfer = inFile('forwarding/transfer.ts', ABORTS, [
  {
    id: 'client-gone',
    find: '    this.#clientLeft = true\n    this.#abort?.()\n',
    replace: '    this.#clientLeft = true\n',
    removes: 'a client that leaves ends the request to the upstream',
    guards: ['pitfall 20'],
  },
  {
    id: 'gone-in-the-queue',
    find: "if (this.#phase === 'done') return false\n",
    replace: '',
    removes: 'a request that is given up in the queue is never sent',
    tests: [...ABORTS, ...TIMEOUTS],
    guards: ['pitfall 20'],
  },
  {
    id: 'no-websocket-without-route',
    find: 'return route.websocket ? client.upgrade : undefined',
    replace: 'return route === undefined ? undefined : client.upgrade',
    removes: 'a route says whether it may be switched',
    tests: UPGRADE,
    guards: ['pitfall 16'],
  },
  {
    id: 'switch-to-websocket',
    find: "this.#phase === 'done' || !isWebSocketSwitch(rawHeaders)",
    replace: "this.#phase === 'done' || isWebSocketSwitch === undefined",
    removes: 'an upstream switches to what it was asked for',
    tests: UPGRADE,
    guards: ['RFC 9110 15.2.2'],
  },
  {
    id: 'continue-when-authorised',
    find: 'if (client.awaitsContinue) client.outgoing.writeContinue()\n    }\n    this.#body',
    replace: '}\n    if (client.awaitsContinue) client.outgoing.writeContinue()\n    this.#body',
    removes: 'a client is asked for its body when an upstream listens',
    tests: EXPECT,
    guards: ['pitfall 16'],
  },
  {
    id: 'cut-answer-is-cut',
    find: '      this.#request.client.outgoing.destroy()\n      this.#finish(this.#cut',
    replace: '      this.#request.client.outgoing.end()\n      this.#finish(this.#cut',
    removes: 'an answer that is not whole is not ended as if it were',
    guards: ['RFC 9112 8'],
    tests: FAULTS,
  },
  {
    id: 'response-timeout',
    find: "if (this.#body === null) this.#await('waiting', timeouts.responseMs)",
    replace: "if (this.#body === null) this.#await('waiting', timeouts.responseMs * 10_000)",
    removes: 'a head comes in time or the answer is 504',
    tests: TIMEOUTS,
    guards: ['pitfall 18'],
  },
  {
    id: 'early-answer-closes',
    find: "if (!client.incoming.complete) headers.push('Connection', 'close')",
    replace: '',
    removes: 'the rest of a body is no next request',
    tests: STREAMING,
    guards: ['RFC 9112 9.3'],
  },
])

const body = inFile('forwarding/request-body.ts', REQUESTS, [
  {
    id: 'body-size',
    find: 'if (this.#bytes > this.#maxBytes) {',
    replace: 'if (this.#bytes > this.#maxBytes * 1e6) {',
    removes: 'a body in chunks has a greatest size',
    guards: ['RFC 9110 15.5.14'],
  },
  {
    id: 'body-cut-short',
    find: 'if (!this.#incoming.complete) this.destroy(new BodyCutShort())',
    replace: 'if (!this.#incoming.complete) this.push(null)',
    removes: 'half a body is not sent as a whole one',
    tests: ABORTS,
    guards: ['pitfall 20'],
    survives: 'a client whose connection closed has ended the exchange before: a second line',
  },
])

const tls = inFile(
  'forwarding/upstream-socket.ts',
  ['integration/forwarding/tls-upstream.test.ts', ...LEAN],
  [
    {
      id: 'certificate',
      find: 'rejectUnauthorized: true',
      replace: 'rejectUnauthorized: false',
      removes: 'an upstream shows a certificate that somebody vouches for',
      guards: ['CVE-2026-22750'],
    },
  ],
)

export const UPSTREAMS: readonly Mutant[] = [...writer, ...door, ...attempts, ...transfer, ...body, ...tls]
