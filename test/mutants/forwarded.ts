/** What an upstream is told, and which fields come back. */
import { inFile, type Mutant } from './mutant.ts'

const SPOOFED = ['security/spoofed-fields.test.ts']
const ANSWERS = ['integration/forwarding/answers.test.ts']

const telling = inFile('forwarding/request-headers.ts', SPOOFED, [
  {
    id: 'identity-encoded',
    find: 'return text.toWellFormed().replace(/^ +| +$|[^\\x20-\\x24\\x26-\\x7e]+/g, encodeURIComponent)',
    replace: 'return text',
    removes: 'no claim ends a line or is lost in Latin-1',
    guards: ['CVE-2026-39998', 'CVE-2026-31908', 'pitfall 18'],
  },
  {
    id: 'identity-percent',
    find: 'text.toWellFormed().replace(/^ +| +$|[^\\x20-\\x24\\x26-\\x7e]+/g, encodeURIComponent)',
    replace: 'text.toWellFormed().replace(/^ +| +$|[^\\x20-\\x7e]+/g, encodeURIComponent)',
    also: [
      {
        file: 'src/forwarding/request-headers.ts',
        find: 'if (/^[\\x21-\\x24\\x26-\\x7e]+(?: [\\x21-\\x24\\x26-\\x7e]+)*$/.test(text)) return text',
        replace: '',
      },
    ],
    removes: 'no two claims look alike once encoded',
    guards: ['CVE-2026-31908'],
  },
  {
    id: 'identity-objects',
    find: 'if (!Array.isArray(value)) return undefined\n',
    replace: 'if (!Array.isArray(value)) return value === undefined ? undefined : String(value)\n',
    removes: 'an object is no identity',
    guards: ['CVE-2026-44087'],
  },
  {
    id: 'identity-of-this-route',
    find: 'if (known?.identity !== identity) {',
    replace: 'if (known === undefined) {',
    removes: 'the identity fields are those of this route',
    guards: ['CVE-2026-16158'],
  },
  {
    id: 'identity-list-commas',
    find: ".replaceAll(',', '%2C')",
    replace: '',
    removes: 'a comma in a claim makes no second value',
    tests: ['unit/forwarding/request-headers.test.ts'],
    guards: ['CVE-2026-39998'],
  },
])

const answers = inFile('forwarding/response-headers.ts', ANSWERS, [
  {
    id: 'answer-hop-by-hop',
    find: "if (DROPPED.has(key)) return 'drop'",
    replace: '',
    removes: 'hop-by-hop fields of an answer end at the gateway',
    tests: ['unit/forwarding/response-headers.test.ts', ...ANSWERS],
    guards: ['RFC 9110 7.6.1'],
  },
  {
    id: 'answer-nominated',
    find: 'nominated === undefined ? headers : drop(headers, nominated)',
    replace: 'nominated === undefined || drop === undefined ? headers : headers',
    removes: 'what Connection names in an answer ends at the gateway',
    guards: ['RFC 9110 7.6.1'],
  },
  {
    id: 'answer-length-nominated',
    find: "if (key === 'content-length' || !names.has(key))",
    replace: 'if (!names.has(key))',
    removes: 'no upstream nominates the length away',
    tests: ['unit/forwarding/response-headers.test.ts'],
    guards: ['RFC 9112 6.3'],
  },
  {
    id: 'answer-cors',
    find: "if (action === 'pass' || (action === 'cors' && !ownsCors)) headers",
    replace: "if (action === 'pass' || action === 'cors' || ownsCors === undefined) headers",
    removes: 'no upstream speaks about CORS where the file does',
    tests: ['security/cors.test.ts'],
    guards: ['Fetch CORS'],
  },
  {
    id: 'answer-coding',
    find: "if (known !== undefined || value.toLowerCase() !== 'chunked') throw new UpstreamError('invalid')",
    replace: 'void known; void UpstreamError',
    removes: 'an answer in a coding that nobody could decode is refused',
    tests: ['unit/forwarding/response-headers.test.ts', 'integration/forwarding/faults.test.ts'],
    guards: ['pitfall 19'],
  },
  {
    id: 'answer-no-length-with-204',
    find: 'return status === 204 || known !== undefined',
    replace: 'return known !== undefined',
    removes: 'a 204 has no length',
    tests: ['unit/forwarding/response-headers.test.ts'],
    guards: ['RFC 9110 8.6'],
  },
])

const paths = inFile(
  'forwarding/rewrite.ts',
  ['unit/forwarding/rewrite.test.ts'],
  [
    {
      id: 'rewrite-ambiguous',
      find: "if (AMBIGUOUS.test(path)) throw new GatewayError('invalid_target', 'rewrite_ambiguous')",
      replace: 'void AMBIGUOUS',
      removes: 'a rewrite makes no dot segment and no empty one',
      guards: ['CVE-2026-48020', 'GHSA-6jwx-7vp4-9847'],
    },
    {
      id: 'rewrite-encodes',
      find: 'encode(paramOf(params, part), NOT_IN_SEGMENT)',
      replace: 'encode(paramOf(params, part), NOT_IN_PATH)',
      removes: 'a parameter stays one segment',
      guards: ['CVE-2026-48020', 'GHSA-6jwx-7vp4-9847'],
    },
    {
      id: 'rewrite-empty-parameter',
      find: "if (value === undefined || value === '') throw new GatewayError('internal_error', 'rewrite_parameter')",
      replace: "if (value === undefined) return ''",
      removes: 'half a path is not sent',
      guards: ['CVE-2026-48020'],
    },
  ],
)

export const FORWARDED: readonly Mutant[] = [...telling, ...answers, ...paths]
