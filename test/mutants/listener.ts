/** The listener. */
import { DOORS_AND_RESTS } from './doors-and-rests.ts'
import { inFile, type Mutant } from './mutant.ts'

const SMUGGLING = ['security/request-smuggling.test.ts']
const HOSTS = ['security/hosts-and-targets.test.ts']
const LIFE = ['security/process-life.test.ts']
const EXPECT = ['integration/forwarding/expect-and-forms.test.ts']
const UPGRADE = ['integration/forwarding/upgrade.test.ts']
const CONNECTIONS = ['security/connections.test.ts']
const LISTENERS = ['integration/process/listeners.test.ts']

const server = inFile('http/server.ts', HOSTS, [
  {
    id: 'expectation',
    find: "if (incoming.headers.expect?.toLowerCase() === '100-continue') take(incoming, outgoing, true)",
    replace: 'if (incoming.headers.expect !== undefined) take(incoming, outgoing, true)',
    removes: 'an expectation that cannot be met is refused',
    tests: EXPECT,
    guards: ['RFC 9110 10.1.1'],
  },
  {
    id: 'continue-by-node',
    find: "server.on('checkContinue',",
    replace: "server.on('checkContinueLater' as 'checkContinue',",
    removes: 'nobody is asked for a body before the request is authorised',
    tests: EXPECT,
    guards: ['pitfall 16'],
  },
  {
    id: 'upgrade-listener',
    find: "server.on('upgrade', (incoming: IncomingMessage, socket: Socket, head: Buffer) => {\n    take(incoming, answerTo(incoming, socket), false, { socket, head })\n  })\n",
    replace: 'void answerTo\n',
    removes: 'a handshake goes through the pipeline',
    tests: UPGRADE,
    guards: ['pitfall 16'],
  },
  {
    id: 'upgrade-answered',
    find: '  outgoing.assignSocket(socket)\n',
    replace: '',
    removes: 'a handshake that is refused gets an ordinary answer',
    tests: UPGRADE,
    guards: ['CVE-2025-30157'],
  },
  {
    id: 'upgrade-socket-error',
    find: '  letGo(socket)\n  return outgoing',
    replace: '  return outgoing',
    removes: 'a handshake that is reset does not end the process',
    tests: LIFE,
    guards: ['CVE-2025-30157', 'pitfall 21'],
  },
  {
    id: 'connect-socket-error',
    find: 'refuse(letGo(socket), ',
    replace: 'refuse(socket, ',
    removes: 'a CONNECT that is reset does not end the process',
    tests: LIFE,
    guards: ['pitfall 21'],
  },
  {
    id: 'connect-refused',
    find: "refuse(letGo(socket), new GatewayError('malformed_request', 'connect_method'))",
    replace: 'letGo(socket).destroy()',
    removes: 'CONNECT is refused with an answer',
    guards: ['pitfall 12'],
  },
  {
    id: 'pipeline-in-turn',
    find: '    if (outgoing.socket === null) {\n',
    replace: '    if (outgoing.socket === null && incoming.url === undefined) {\n',
    removes: 'pipelined requests run one after the other',
    tests: [...SMUGGLING, 'integration/forwarding/aborts.test.ts'],
    guards: ['RFC 9112 9.3.2'],
  },
  {
    id: 'refused-connection-takes-none',
    find: 'if (socket.writableEnded || socket.destroyed) return\n',
    replace: '',
    removes: 'nothing is taken from a connection that was refused',
    tests: SMUGGLING,
    guards: ['RFC 9112 9.3.2'],
  },
  {
    id: 'answers-in-order',
    find: 'if (earlier === undefined || !earlier.req.complete) run()',
    replace: 'if (earlier === undefined || earlier !== undefined) run()',
    removes: 'a refusal does not overtake the answers before it',
    tests: SMUGGLING,
    guards: ['RFC 9112 9.3.2'],
  },
  {
    id: 'strict-parser',
    find: 'insecureHTTPParser: false,',
    replace: 'insecureHTTPParser: true,',
    removes: 'the parser is the strict one',
    tests: SMUGGLING,
    guards: ['pitfall 15'],
  },
  {
    id: 'header-timeout',
    find: 'headersTimeout: Math.min(config.headerTimeoutMs, config.requestTimeoutMs),',
    replace: 'headersTimeout: 0,',
    removes: 'a head must come in time',
    tests: LISTENERS,
    guards: ['RFC 9110 15.5.9'],
  },
  {
    id: 'request-timeout',
    find: 'requestTimeout: config.requestTimeoutMs,',
    replace: 'requestTimeout: 0,',
    removes: 'a body must come in time',
    tests: LISTENERS,
    guards: ['RFC 9110 15.5.9'],
  },
  {
    id: 'connections',
    find: "if (drainer.connections.size > config.connections) refuse(socket, new GatewayError('overloaded', 'connections'))",
    replace: '',
    removes: 'there are at most so many connections',
    tests: LISTENERS,
    guards: ['RFC 9110 15.6.4'],
  },
  {
    id: 'header-size',
    find: 'maxHeaderSize: config.headersBytes + config.urlBytes,',
    replace: 'maxHeaderSize: config.headersBytes / 8,',
    removes: 'fields that are allowed are not refused by the parser',
    tests: ['security/token-attacks.test.ts', 'integration/request-path.test.ts'],
    guards: ['pitfall 14'],
  },
])

const drainer = inFile(
  'http/drainer.ts',
  ['integration/process/drain.test.ts'],
  [
    {
      id: 'silent-connections-end',
      find: 'for (const { socket } of connections) socket.destroy()\n',
      replace: '',
      removes: 'a connection that never said anything does not keep the process',
      guards: ['pitfall 21'],
    },
  ],
)

const raw = inFile('http/raw-refusal.ts', HOSTS, [
  {
    id: 'parser-errors-answered',
    find: "if (code.startsWith('HPE_') && code !== 'HPE_INVALID_EOF_STATE')",
    replace: "if (code === 'HPE_')",
    removes: 'what is no HTTP gets a 400',
    guards: ['pitfall 15'],
  },
])

const form = inFile('http/whole-body.ts', EXPECT, [
  {
    id: 'form-size',
    find: 'if (gathered.bytes + chunk.length <= maxBytes) gathered.add(chunk)\n      else fail(',
    replace: 'gathered.add(chunk)\n      if (gathered.bytes > 1e9) fail(',
    removes: 'a body that is read whole has a greatest size',
    guards: ['pitfall 4'],
  },
  {
    id: 'body-of-nobody',
    find: "if (incoming.destroyed) return fail(new GatewayError('request_timeout', 'client_closed'))",
    replace: '',
    removes: 'a client that left before its body is read frees its place',
    tests: ['unit/http/whole-body.test.ts'],
    guards: ['floods'],
  },
  {
    id: 'body-idle',
    find: 'const timer = setTimeout(idle, idleMs)',
    replace: 'const timer = setTimeout(idle, 1e8 + idleMs)',
    removes: 'a client that falls silent inside its body frees its place',
    tests: ['unit/http/whole-body.test.ts'],
    guards: ['floods'],
  },
  {
    id: 'form-length',
    find: "if ((contentLength ?? 0) > maxBytes) throw new GatewayError('body_too_large', 'content_length')",
    replace: 'void contentLength',
    removes: 'a body that is read whole and too large is not asked for',
    guards: ['pitfall 16'],
  },
])

const upgrade = inFile('http/upgrade-request.ts', UPGRADE, [
  {
    id: 'upgrade-websocket-only',
    find: " && headers.upgrade?.toLowerCase() === 'websocket'",
    replace: ' && headers.upgrade !== undefined',
    removes: 'only WebSocket is a switch',
    guards: ['pitfall 16', 'RFC 9110 7.8'],
  },
  {
    id: 'upgrade-without-body',
    find: '!hasBody(incoming) && headers',
    replace: 'headers',
    removes: 'a handshake has no body',
    guards: ['pitfall 16'],
  },
  {
    id: 'upgrade-loses-nothing',
    find: 'return hasBody(incoming) || incoming.socket.bytesRead !== headBytes(incoming)',
    replace: 'return hasBody(incoming) && headBytes(incoming) < 0',
    removes: 'bytes behind an Upgrade that is passed over are not read from their middle',
    tests: CONNECTIONS,
    guards: ['RFC 9110 7.8'],
  },
])

const turns = inFile('http/turns.ts', CONNECTIONS, [
  {
    id: 'pipeline-held-back',
    find: 'if (connection.waiting >= HELD_BACK_FROM) holdBack(connection.socket)',
    replace: 'void holdBack',
    removes: 'a client that pipelines without end is read no further',
    tests: ['unit/http/turns.test.ts'],
    guards: ['floods'],
  },
])

export const LISTENER: readonly Mutant[] = [
  ...server,
  ...upgrade,
  ...turns,
  ...DOORS_AND_RESTS,
  ...drainer,
  ...raw,
  ...form,
]
