/** Header fields that a client may not say. */
import { inFile, type Mutant } from './mutant.ts'

const SPOOFED = ['security/spoofed-fields.test.ts']
const SMUGGLING = ['security/request-smuggling.test.ts']
const HOSTS = ['security/hosts-and-targets.test.ts']

const reading = inFile('http/request-fields.ts', SMUGGLING, [
  {
    id: 'one-host',
    find: "if (this.#hosts !== 1 || !HOST.test(this.host)) throw malformed('host')",
    replace: "if (!HOST.test(this.host)) throw malformed('host')",
    removes: 'there is exactly one Host field',
    tests: HOSTS,
    guards: ['pitfall 13', 'RFC 9112 3.2'],
  },
  {
    id: 'good-host',
    find: "if (this.#hosts !== 1 || !HOST.test(this.host)) throw malformed('host')",
    replace: "if (this.#hosts !== 1) throw malformed('host')",
    removes: 'the Host field names a host',
    tests: HOSTS,
    guards: ['RFC 9112 3.2'],
  },
  {
    id: 'length-once',
    find: "if (this.contentLength !== undefined || !/^\\d{1,15}$/.test(value)) throw malformed('content_length')",
    replace: 'void malformed',
    removes: 'there is one length, of digits',
    tests: ['unit/http/request-fields.test.ts', ...SMUGGLING],
    guards: ['RFC 9112 6.3'],
  },
  {
    id: 'coding-is-chunked',
    find: "if (this.#chunked || value.toLowerCase() !== 'chunked') throw malformed('transfer_encoding')",
    replace: '',
    removes: 'the only transfer coding is chunked',
    guards: ['pitfall 15', 'RFC 9112 6.1'],
  },
  {
    id: 'length-and-chunks',
    find: "if (this.#chunked && this.contentLength !== undefined) throw malformed('content_length_and_transfer_encoding')",
    replace: '',
    removes: 'a length and chunks do not stand together',
    tests: ['unit/http/request-fields.test.ts', ...SMUGGLING],
    guards: ['RFC 9112 6.1', 'pitfall 15'],
  },
  {
    id: 'refusal-closes',
    find: "return new GatewayError('malformed_request', reason, { closeConnection: true })",
    replace: "return new GatewayError('malformed_request', reason)",
    removes: 'nothing that follows a malformed request is looked at',
    guards: ['RFC 9112 9.3'],
  },
  {
    id: 'nominated-fields',
    find: 'if (this.#nominated !== undefined) this.#dropNominated(this.#nominated)',
    replace: 'void this.#dropNominated',
    removes: 'what Connection names goes no further',
    tests: SPOOFED,
    guards: ['RFC 9110 7.6.1'],
  },
  {
    id: 'trace-well-formed',
    find: 'if (!TRACEPARENT.test(this.traceparent)) this.traceparent = undefined\n    else ',
    replace: 'void TRACEPARENT\n    ',
    removes: 'a bad traceparent is dropped',
    tests: SPOOFED,
    guards: ['Trace Context 3.2'],
  },
  {
    id: 'trace-twice',
    find: "this.traceparent = this.traceparent === undefined ? value : ''",
    replace: 'this.traceparent = value',
    removes: 'of two traceparents none counts',
    tests: ['unit/http/request-fields.test.ts'],
    guards: ['Trace Context 3.2'],
  },
  {
    id: 'state-without-trace',
    find: 'if (this.traceparent === undefined) return\n',
    replace: "if (this.traceparent === undefined) return this.#passTrace('')\n",
    removes: 'tracestate without traceparent is dropped',
    tests: SPOOFED,
    guards: ['Trace Context 3.3'],
  },
  {
    id: 'request-id-harmless',
    find: 'this.requestId = /^[\\w.-]{1,64}$/.test(value) ? value : undefined',
    replace: 'this.requestId = value',
    removes: 'a request id of the client is harmless',
    tests: ['security/challenge.test.ts'],
    guards: ['CVE-2025-25294'],
  },
  {
    id: 'loop',
    find: "else if (action === 'via' && value.includes(this.#pseudonym)) this.looped = true",
    replace: 'else if (value === this.#pseudonym) this.looped = true',
    removes: 'a request that was here before is refused',
    tests: ['unit/http/request-fields.test.ts', 'security/loops.test.ts'],
    guards: ['RFC 9110 7.6.3'],
  },
  {
    id: 'fields-size',
    find: "if (bytes > maxBytes) throw new GatewayError('headers_too_large', 'headers_too_large', { closeConnection: true })",
    replace: 'void maxBytes',
    removes: 'fields have a greatest size',
    tests: ['integration/request-path.test.ts', 'unit/http/request-fields.test.ts'],
    guards: ['pitfall 14'],
  },
  {
    id: 'memo-bounded',
    find: 'if (memo.size < MEMO_SIZE) memo.set(name, action)',
    replace: 'memo.set(name, action)',
    removes: 'invented field names fill no memory',
    tests: ['unit/http/request-fields.test.ts'],
    guards: ['flaw 2'],
    survives: 'a map that grows has no effect that a client sees; its size is that of the process',
  },
])

const actions = inFile('http/field-actions.ts', SPOOFED, [
  {
    id: 'owned-fields',
    find: 'if (owned.has(key) || DROPPED.has(key)) return',
    replace: 'if (DROPPED.has(key)) return',
    removes: 'identity fields come from the gateway alone',
    guards: ['flaw 4', 'CVE-2026-44087', 'GHSA-5m6w-wvh7-57vm', 'CVE-2025-64484'],
  },
  {
    id: 'owned-spellings',
    find: "return name.toLowerCase().replace(/[^a-z0-9]/g, '-')",
    replace: 'return name.toLowerCase()',
    removes: 'identity fields are known in every spelling',
    guards: ['flaw 4', 'GHSA-5m6w-wvh7-57vm', 'CVE-2025-64484', 'pitfall 18'],
  },
  {
    id: 'aliases-of-read-fields',
    find: "return name.toLowerCase() === key ? action : 'drop'",
    replace: "return name.toLowerCase() === key ? action : 'pass'",
    removes: 'X_Forwarded_For is not passed on for the field',
    tests: [...SPOOFED, ...SMUGGLING],
    guards: ['GHSA-5m6w-wvh7-57vm'],
  },
  {
    id: 'aliases-are-read',
    find: "return name.toLowerCase() === key ? action : 'drop'",
    replace: 'return action',
    removes: 'X_Forwarded_For is not taken for the field',
    tests: [...SPOOFED, ...SMUGGLING],
    guards: ['GHSA-5m6w-wvh7-57vm'],
  },
  {
    id: 'forwarded-fields',
    find: "if (action === undefined) return key.startsWith('x-forwarded-') ? 'drop' : 'pass'",
    replace: "if (action === undefined) return 'pass'",
    removes: 'a client says nothing about how it was forwarded',
    guards: ['CVE-2026-35051', 'CVE-2026-40575'],
  },
  ...[
    ['forwarded', 'RFC 7239'],
    ['x-real-ip', 'CVE-2026-76835'],
    ['x-client-ip', 'CVE-2026-76835'],
    ['true-client-ip', 'CVE-2026-76835'],
    ['x-original-url', 'CVE-2026-76835'],
    ['x-rewrite-url', 'CVE-2026-76835'],
    ['x-http-method-override', 'CVE-2026-40575'],
    ['x-method-override', 'CVE-2026-40575'],
    ['x-host', 'CVE-2026-40575'],
  ].map(([name, advisory]) => dropped(name as string, advisory as string, 'SPOOFED', 'a spoofed field')),
  ...['keep-alive', 'proxy-connection', 'proxy-authorization', 'te', 'trailer', 'upgrade', 'http2-settings'].map(
    (name) => dropped(name, name === 'upgrade' ? 'pitfall 16' : 'pitfall 18', 'HOP_BY_HOP', 'a hop-by-hop field'),
  ),
])

/** Takes one name out of a list of fields that are left behind. */
function dropped(name: string, guard: string, list: string, what: string) {
  return {
    id: `dropped-${name}`,
    find: `${'`${HOP_BY_HOP} ${SPOOFED}`'}.split(/\\s+/))`,
    replace: `${'`${HOP_BY_HOP} ${SPOOFED}`'}.split(/\\s+/).filter((name) => name !== '${name}'))`,
    removes: `${name}, ${what}, is left behind (${list})`,
    guards: [guard, ...(what === 'a hop-by-hop field' ? ['RFC 9110 7.6.1'] : [])],
  }
}

export const FIELDS: readonly Mutant[] = [...reading, ...actions]
