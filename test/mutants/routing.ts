/** Which route a request is for. */
import { inFile, type Mutant } from './mutant.ts'

const PATHS = ['security/path-confusion.test.ts']
const TARGETS = ['security/hosts-and-targets.test.ts']
const TARGET_UNIT = ['unit/routing/request-target.test.ts']
const TABLE_UNIT = ['unit/routing/route-table.test.ts']
const REQUESTS = ['integration/request-path.test.ts']

const targets = inFile('routing/request-target.ts', PATHS, [
  {
    id: 'target-form',
    find: "if (!path.startsWith('/')) throw refusal('target_form')",
    replace: '',
    removes: 'a target is a path: no other form, no other host',
    tests: TARGETS,
    guards: ['CVE-2026-85184', 'CVE-2026-112362', 'pitfall 12'],
  },
  {
    id: 'target-query',
    find: "if (!PLAIN_QUERY.test(query)) throw refusal('target_query')",
    replace: '',
    removes: 'no fragment, control or blank stands in the query',
    guards: ['GHSA-pxq7-h93f-9jrg', 'pitfall 12'],
  },
  {
    id: 'target-visible',
    find: "if (NOT_VISIBLE_ASCII.test(path)) throw refusal('target_characters')",
    replace: '',
    removes: 'a path is visible ASCII',
    tests: TARGET_UNIT,
    guards: ['pitfall 10', 'pitfall 15'],
  },
  {
    id: 'target-backslash',
    find: 'const AMBIGUOUS_CHARACTER = /[\\\\;#]/',
    replace: 'const AMBIGUOUS_CHARACTER = /[;#]/',
    removes: 'a backslash is no slash',
    guards: ['CVE-2021-29492', 'pitfall 10'],
  },
  {
    id: 'target-path-parameters',
    find: 'const AMBIGUOUS_CHARACTER = /[\\\\;#]/',
    replace: 'const AMBIGUOUS_CHARACTER = /[\\\\#]/',
    removes: 'a path has no parameters behind ";"',
    guards: ['CVE-2026-73553', 'CVE-2026-2880', 'pitfall 10'],
  },
  {
    id: 'target-fragment',
    find: 'const AMBIGUOUS_CHARACTER = /[\\\\;#]/',
    replace: 'const AMBIGUOUS_CHARACTER = /[\\\\;]/',
    removes: 'a path has no fragment',
    guards: ['GHSA-pxq7-h93f-9jrg', 'pitfall 12'],
  },
  {
    id: 'target-bad-escape',
    find: "if (BAD_ESCAPE.test(path)) throw refusal('target_escape')",
    replace: '',
    removes: 'every "%" begins an escape',
    tests: TARGET_UNIT,
    guards: ['pitfall 10'],
  },
  ...[
    ['slash', '2F|', ['CVE-2021-29492', 'CVE-2026-14198', 'CVE-2026-126357', 'pitfall 10']],
    ['backslash', '5C|', ['CVE-2021-29492', 'pitfall 10']],
    ['semicolon', '3B|', ['CVE-2026-73553']],
    ['fragment', '23|', ['GHSA-pxq7-h93f-9jrg']],
    ['query', '3F|', ['CVE-2025-54576']],
    ['percent', '25|', ['CVE-2026-126357', 'GHSA-5r4p-p66f-jhc7']],
    ['control', '[01][0-9A-F]|', ['CVE-2025-25294', 'pitfall 10']],
    ['c1-control', '|C2%[89][0-9A-F]', ['CVE-2025-25294']],
  ].map(([name, part, guards]) => ({
    id: `target-escaped-${name as string}`,
    find: '/%(?:2F|5C|3B|23|3F|25|[01][0-9A-F]|7F|C2%[89][0-9A-F])/i',
    replace: '/%(?:2F|5C|3B|23|3F|25|[01][0-9A-F]|7F|C2%[89][0-9A-F])/i'.replace(part as string, ''),
    removes: `an escaped ${name as string} is refused`,
    guards: guards as string[],
  })),
  {
    id: 'target-empty-segment',
    find: "if (canonical.includes('//')) throw refusal('target_empty_segment')",
    replace: '',
    removes: 'no segment is empty',
    guards: ['CVE-2021-31920', 'CVE-2026-26205', 'CVE-2026-33804', 'CVE-2026-22031', 'pitfall 10'],
  },
  {
    id: 'target-dot-segment',
    find: "if (DOT_SEGMENT.test(canonical)) throw refusal('target_dot_segment')",
    replace: '',
    removes: 'no segment is a dot or two, however it is spelt',
    guards: ['CVE-2026-33494', 'CVE-2026-42274', 'pitfall 10', 'pitfall 18'],
  },
  {
    id: 'target-dots-before-decoding',
    find: 'if (DOT_SEGMENT.test(canonical))',
    replace: 'if (DOT_SEGMENT.test(path))',
    removes: 'dots are looked for in what is forwarded, and not in what was sent',
    guards: ['CVE-2026-33494', 'CVE-2026-42274'],
  },
  {
    id: 'target-utf8',
    find: "if (!isUtf8(canonical)) throw refusal('target_utf8')",
    replace: 'void isUtf8',
    removes: 'escapes spell UTF-8',
    guards: ['pitfall 10'],
  },
  {
    id: 'target-canonical',
    find: 'return { path: PLAIN_PATH.test(path) ? path : canonicalPath(path), query }',
    replace: 'return { path: PLAIN_PATH.test(path) ? path : (canonicalPath(path), path), query }',
    removes: 'what is forwarded is what was authorised',
    guards: ['flaw 8', 'CVE-2026-42274', 'CVE-2026-22031'],
  },
  {
    id: 'target-plain-dots',
    find: "(?:\\/[A-Za-z0-9\\-_~!$&'()*+,=:@][A-Za-z0-9\\-._~!$&'()*+,=:@]*)*\\/?$/",
    replace: "(?:\\/[A-Za-z0-9\\-._~!$&'()*+,=:@]+)*\\/?$/",
    removes: 'the short way takes no dots at the start of a segment',
    guards: ['CVE-2026-33494'],
  },
  {
    id: 'target-length',
    find: "if (url.length > maxBytes) throw new GatewayError('uri_too_long', 'target_too_long', { closeConnection: true })",
    replace: 'void maxBytes',
    removes: 'a target has a greatest length',
    tests: REQUESTS,
    guards: ['RFC 9110 15.5.15'],
  },
])

const table = inFile('routing/route-table.ts', TABLE_UNIT, [
  {
    id: 'literal-beats-parameter',
    find: 'if (found) return found\n  const viaParam',
    replace: 'const viaParam',
    removes: 'a literal segment beats a parameter',
    also: [
      {
        file: 'src/routing/route-table.ts',
        find: 'return viaParam ?? node.below\n',
        replace: 'return viaParam ?? found ?? node.below\n',
      },
    ],
    guards: ['flaw 9'],
  },
  {
    id: 'same-path-twice',
    find: 'if (node[place]) throw new Error(`Two routes have the same path: ${node[place].route.path} and ${route.path}`)',
    replace: '',
    removes: 'two routes cannot have one path',
    guards: ['flaw 9'],
  },
  {
    id: 'literals-decoded',
    find: 'node.literals?.get(decode(path.slice(start, stop)))',
    replace: 'node.literals?.get(path.slice(start, stop))',
    removes: 'no spelling of a segment slips past its route',
    guards: ['CVE-2026-22031', 'flaw 8'],
  },
  {
    id: 'trailing-slash',
    find: "const end = path.endsWith('/') ? path.length - 1 : path.length\n      const leaf",
    replace: 'const end = path.length\n      const leaf',
    removes: 'a trailing slash does not fall through to a broader route',
    guards: ['CVE-2026-33804', 'CVE-2026-14198'],
  },
  {
    id: 'params-own',
    find: 'leaf.hasParams ? Object.create(NO_PARAMS) : NO_PARAMS',
    replace: 'leaf.hasParams ? {} : NO_PARAMS',
    removes: 'parameters inherit nothing',
    guards: ['flaw 3'],
  },
  {
    id: 'empty-parameter',
    find: 'const viaParam = node.param && stop > start ?',
    replace: 'const viaParam = node.param ?',
    removes: 'a parameter is not empty',
    guards: ['CVE-2021-31920'],
  },
])

export const ROUTING: readonly Mutant[] = [...targets, ...table]
