/** The order of the stages, and what one tells the next. */
import { inFile, type Mutant } from './mutant.ts'

const PATHS = ['security/path-confusion.test.ts']
const LEAKS = ['security/information-leaks.test.ts']
const SPOOFED = ['security/spoofed-fields.test.ts']
const HOSTS = ['security/hosts-and-targets.test.ts']
const REQUESTS = ['integration/request-path.test.ts']
const CLAIMS = ['security/token-claims.test.ts']

const order = inFile('pipeline.ts', PATHS, [
  {
    id: 'stage-authenticate',
    find: '  authenticate, // 400 401 503\n',
    replace: '',
    removes: 'who asks must be known',
    also: [
      { file: 'src/pipeline.ts', find: 'const STAGES: readonly', replace: 'void authenticate\nconst STAGES: readonly' },
    ],
    guards: ['flaw 10', 'flaw 11'],
  },
  {
    id: 'stage-authorize',
    find: '  authorize, // 404 405 403\n',
    replace: '',
    removes: 'who asks must be allowed to',
    also: [
      { file: 'src/pipeline.ts', find: 'const STAGES: readonly', replace: 'void authorize\nconst STAGES: readonly' },
    ],
    guards: ['flaw 10', 'flaw 5'],
  },
  {
    id: 'stage-limit-before',
    find: '  limitBeforeAuth, // 429 503\n  authenticate, // 400 401 503\n',
    replace: '  authenticate, // 400 401 503\n  limitBeforeAuth, // 429 503\n',
    removes: 'refused tokens are counted: guessing is limited',
    tests: ['security/limits-evasion.test.ts'],
    guards: ['floods'],
  },
  {
    id: 'stage-forward-last',
    find: '  limitAfterAuth, // 429 503\n  checkBody, // 400 413 415 422\n  checkClient, // is it still there?\n  forward,',
    replace: '  checkBody,\n  checkClient, // is it still there?\n  forward, limitAfterAuth,',
    removes: 'what is over its limit reaches no upstream',
    tests: ['security/limits-evasion.test.ts'],
    guards: ['exact windows'],
  },
  {
    id: 'existence-is-secret',
    find: 'if (match === undefined) return\n',
    replace: "if (match === undefined) throw new GatewayError('not_found', 'no_route')\n",
    removes: 'whether there is a route is told to those who are known',
    tests: LEAKS,
    guards: ['flaw 11'],
  },
  {
    id: 'token-needed',
    find: 'if (route !== undefined && !needsToken(route.policy, visit.method)) return undefined\n',
    replace: 'if (route === undefined || !needsToken(route.policy, visit.method)) return undefined\n',
    removes: 'a path without a route needs a token too',
    tests: LEAKS,
    guards: ['flaw 11'],
  },
  {
    id: 'issuers-of-the-route',
    find: 'authenticator.authenticate(readBearerToken(authorization, query), route?.issuers)',
    replace: 'authenticator.authenticate(readBearerToken(authorization, query))',
    removes: 'a token counts where the file says its issuer does',
    tests: CLAIMS,
    guards: ['flaw 1', 'GHSA-27xw-p8v6-9jjr'],
  },
  {
    id: 'issuers-of-the-route-recalled',
    find: 'authenticator.recall(presentedToken(authorization, query), route?.issuers)',
    replace: 'authenticator.recall(presentedToken(authorization, query))',
    removes: 'a known token counts where the file says its issuer does',
    tests: CLAIMS,
    guards: ['flaw 1', 'GHSA-27xw-p8v6-9jjr'],
  },
  {
    id: 'refund-after-refusal',
    find: '    limits.refundAll(visit.quotas)\n',
    replace: '    void limits\n',
    removes: 'a request that a later limit refuses has cost the earlier ones nothing',
    tests: REQUESTS,
    guards: ['exact windows'],
  },
  {
    id: 'preflight-stays-here',
    find: "body: '' })\n  return TAKEN_OVER",
    replace: "body: '' })\n  return undefined",
    removes: 'a preflight is over with its answer',
    tests: ['security/cors.test.ts'],
    guards: ['CVE-2026-47892'],
  },
  {
    id: 'path-of-the-target',
    find: 'path: toUpstreamPath(match, target),',
    replace: "path: exchange.incoming.url ?? '',",
    removes: 'what is forwarded is what was authorised',
    guards: ['flaw 8', 'CVE-2026-42274', 'CVE-2026-48020', 'GHSA-6jwx-7vp4-9847'],
  },
  {
    id: 'logged-path',
    find: 'record.path = visit.target.path',
    replace: "record.path = exchange.incoming.url ?? ''",
    removes: 'no query stands in the log',
    tests: LEAKS,
    guards: ['CVE-2025-25294'],
  },
])

const fields = inFile('pipeline.ts', SPOOFED, [
  {
    id: 'http-versions',
    find: "if (httpVersion !== '1.0') throw new GatewayError('malformed_request', 'http_version', { closeConnection: true })",
    replace: '',
    removes: 'HTTP/0.9 and 2.0 are refused',
    tests: HOSTS,
    guards: ['RFC 9112 2.3'],
  },
  {
    id: 'chunks-in-1-0',
    find: "if (headers['transfer-encoding'] === undefined) return\n",
    replace: "if (headers['transfer-encoding'] !== 'never') return\n",
    removes: 'chunks in HTTP/1.0 are refused',
    tests: ['security/request-smuggling.test.ts'],
    guards: ['RFC 9112 6.1', 'pitfall 15'],
  },
  {
    id: 'trusted-relay',
    find: 'const trusted = isRelayed && runtime.clientAddress.isTrusted(peer)',
    replace: 'const trusted = isRelayed',
    removes: 'only a trusted proxy says how it was reached',
    guards: ['CVE-2026-76835', 'CVE-2026-40575'],
  },
  {
    id: 'scheme-from-proxy',
    find: "forwardedProto.trim().toLowerCase() === 'https' ? 'https' : 'http'",
    replace: "forwardedProto as 'https'",
    removes: 'a scheme is http or https',
    guards: ['CVE-2026-40575'],
  },
  {
    id: 'loop-refused',
    find: "if (fields.looped) throw new GatewayError('loop_detected', 'loop')",
    replace: '',
    removes: 'a request that was here before is refused',
    tests: ['security/loops.test.ts'],
    guards: ['RFC 9110 7.6.3'],
  },
  {
    id: 'client-gone-before-forwarding',
    find: "if (incoming.socket.destroyed) throw new GatewayError('request_timeout', 'client_closed')",
    replace: '',
    removes: 'a client that left while its token was verified leaves no request behind',
    tests: ['integration/forwarding/aborts.test.ts'],
    guards: ['pitfall 20'],
  },
])

const sent = inFile('upstream-fields.ts', SPOOFED, [
  {
    id: 'token-stays-here',
    find: "if (route.identity.authorization === 'forward') {",
    replace: "if (route.identity.authorization !== 'nowhere' as never) {",
    removes: 'an upstream gets the token only where the file says so',
    guards: ['RFC 6750 5.3'],
  },
  {
    id: 'identity-set',
    find: 'if (token !== undefined) addIdentityFields(headers, route.identity, token)',
    replace: 'void addIdentityFields; void token',
    removes: 'an upstream is told who asks',
    guards: ['flaw 4'],
  },
  {
    id: 'identity-after-nominations',
    find: "headers.push('Content-Length', String(fields.contentLength))\n  return headers\n",
    replace:
      "headers.push('Content-Length', String(fields.contentLength))\n  const named = (visitOf.exchange.incoming.headers.connection ?? '').toLowerCase().split(/,\\s*/)\n  return headers.flatMap((text, i) => (i % 2 === 0 && !named.includes(text.toLowerCase()) ? [text, headers[i + 1] as string] : []))\n",
    also: [
      {
        file: 'src/upstream-fields.ts',
        find: 'function toUpstreamFields({ forwarded, token }: Visit, fields: RequestFields, { route }: RouteMatch): string[] {\n',
        replace:
          'function toUpstreamFields(visitOf: Visit, fields: RequestFields, { route }: RouteMatch): string[] {\n  const { forwarded, token } = visitOf\n',
      },
    ],
    removes: 'no Connection option takes an identity field away',
    guards: ['GHSA-w9mr-28mw-j8hg'],
  },
])

export const PIPELINE: readonly Mutant[] = [...order, ...fields, ...sent]
