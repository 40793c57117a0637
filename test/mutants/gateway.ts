/** Who is at the other end, and what stands beside the routes. */
import { inFile, type Mutant } from './mutant.ts'

const SPOOFED = ['security/spoofed-fields.test.ts']
const SMUGGLING = ['security/request-smuggling.test.ts']
const HOSTS = ['security/hosts-and-targets.test.ts']

const address = inFile('http/client-address.ts', SPOOFED, [
  {
    id: 'trusted-hops-alone',
    find: 'for (let i = entries.length - 1; i >= 0 && includes(address); i -= 1) {',
    replace: 'for (let i = entries.length - 1; i >= 0; i -= 1) {',
    removes: 'only what a trusted proxy says is believed',
    guards: ['CVE-2026-40575', 'CVE-2026-76835'],
  },
  {
    id: 'nobody-trusted',
    find: 'return version !== 0 && trusted !== undefined && trusted.check(',
    replace: 'return version !== 0 && (trusted ?? ALL).check(',
    also: [
      {
        file: 'src/http/client-address.ts',
        find: 'if (trusted === undefined || forwardedFor.length === 0) return address',
        replace: 'if (forwardedFor.length === 0) return address',
      },
      {
        file: 'src/http/client-address.ts',
        find: 'function toBlockList(',
        replace: "const ALL = new BlockList()\nALL.addSubnet('0.0.0.0', 0, 'ipv4')\n\nfunction toBlockList(",
      },
    ],
    removes: 'nobody is trusted by default',
    guards: ['CVE-2026-76835', 'CVE-2026-40575'],
  },
  {
    id: 'entry-is-address',
    find: "if (isIP(address) === 0 || address.includes('%')) return undefined",
    replace: '',
    removes: 'an entry that is no address ends the walk',
    guards: ['CVE-2026-40575'],
  },
  {
    id: 'one-spelling',
    find: "return shortest.startsWith('::ffff:') && shortest.includes('.') ? shortest.slice(7) : shortest",
    replace: 'return shortest',
    removes: 'a mapped IPv4 address is that address',
    tests: [...SPOOFED, 'security/limits-evasion.test.ts'],
    guards: ['CVE-2026-40575'],
  },
])

const adaptor = inFile('http/adaptor.ts', HOSTS, [
  {
    id: 'head-is-get',
    find: "incoming.method === 'HEAD' ? 'GET' : (incoming.method ?? 'GET')",
    replace: "(incoming.method ?? 'GET')",
    removes: 'Hono does not answer a HEAD by itself',
    tests: HOSTS,
    guards: ['pitfall 11'],
  },
  {
    id: 'own-path-undecoded',
    find: "path: url.startsWith(OWN_PAGES) ? withoutQuery(url) : '/',",
    replace: 'path: decodeURI(withoutQuery(url)),',
    removes: 'Hono sees no path that a client chose',
    tests: [...HOSTS, 'security/path-confusion.test.ts', 'integration/request-path.test.ts'],
    guards: ['CVE-2026-126357', 'pitfall 10'],
  },
])

const answer = inFile('answer.ts', HOSTS, [
  {
    id: 'own-page-fields',
    find: 'readFields(exchange.incoming.rawHeaders, config.limits.headersBytes)\n',
    replace: 'void readFields\n',
    removes: 'what is refused elsewhere for its fields is refused on the own page too',
    guards: ['pitfall 13'],
  },
  {
    id: 'own-page-host',
    find: "/^[\\w.:[\\]-]+$/.test(host) ? host : 'localhost'",
    replace: 'host',
    removes: 'a Host field that is shown is a host',
    guards: ['RFC 9728 3'],
  },
])

const gateway = inFile('gateway.ts', HOSTS, [
  {
    id: 'own-page-exact',
    find: 'if (exchange.incoming.url === metadataTarget(visit.runtime.config)) answerMetadata(visit)',
    replace: "if (metadataTarget(visit.runtime.config) !== '') answerMetadata(visit)",
    removes: 'the gateway’s own page stands at its exact address',
    guards: ['GHSA-5hvv-m4w4-gf6v', 'flaw 12'],
  },
  {
    id: 'bugs-say-nothing',
    find: "thrown instanceof GatewayError ? thrown : new GatewayError('internal_error', 'bug', {}, thrown)",
    replace: "thrown instanceof GatewayError ? thrown : new GatewayError('not_found', 'bug', {}, thrown)",
    removes: 'a bug is a 500 that says nothing',
    tests: ['security/bugs.test.ts'],
    guards: ['RFC 9457 5'],
  },
  {
    id: 'connection-closed',
    find: 'if (error.details.closeConnection) exchange.outgoing.shouldKeepAlive = false\n',
    replace: '',
    removes: 'a connection whose framing is unknown is not used again',
    tests: SMUGGLING,
    guards: ['RFC 9112 9.3'],
  },
  {
    id: 'denials-in-turn',
    find: 'if (isDenial(error)) inTurn(() => finish(visit, error))\n    else ',
    replace: 'void isDenial; void inTurn\n    ',
    removes: 'a flood of denials leaves room for those who are served',
    tests: ['security/denial-flood.test.ts'],
    guards: ['floods'],
  },
])

export const GATEWAY: readonly Mutant[] = [...address, ...adaptor, ...answer, ...gateway]
