/** What is refused before there is traffic. */
import { inFile, type Mutant } from './mutant.ts'

const MISTAKES = ['unit/config/mistakes.test.ts']
const RELOAD = ['integration/process/reload.test.ts']

/** A section that takes keys nobody knows, as if they meant nothing. */
function loose(section: string, guard: string) {
  return {
    id: `unknown-keys-${section.replace(/Schema$/, '').toLowerCase()}`,
    find: `const ${section} = z.strictObject({`,
    replace: `const ${section} = z.object({`,
    removes: `an unknown key in ${section} is a mistake`,
    guards: [guard, 'CVE-2026-22754'],
  }
}

const routes = inFile('config/schema-routes.ts', MISTAKES, [
  loose('allowLineSchema', 'flaw 5'),
  {
    id: 'unknown-keys-route',
    find: 'export const routeSchema = z.strictObject({',
    replace: 'export const routeSchema = z.object({',
    removes: 'an unknown key of a route is a mistake',
    guards: ['flaw 5', 'CVE-2026-22754'],
  },
  {
    id: 'all-or-any',
    find: '.refine(({ all, any }) => (all === undefined) !== (any === undefined), EITHER)',
    replace: '.refine(({ all, any }) => all !== undefined || any !== undefined, EITHER)',
    removes: 'all and any do not stand together',
    guards: ['flaw 6'],
  },
  {
    id: 'one-scope-in-a-text',
    find: ".regex(/^[\\x21\\x23-\\x5B\\x5D-\\x7E]+$/, 'expected one scope",
    replace: ".regex(/^[\\x20\\x21\\x23-\\x5B\\x5D-\\x7E]+$/, 'expected one scope",
    removes: 'two scopes in one text are a mistake',
    guards: ['flaw 5'],
  },
])

const sections = inFile('config/schema.ts', MISTAKES, [
  ...['issuerSchema', 'keysSchema', 'rateLimitSchema', 'corsSchema', 'listenSchema'].map((name) =>
    loose(name, 'flaw 5'),
  ),
])

const policy = inFile('config/resolve-policy.ts', MISTAKES, [
  {
    id: 'route-for-nobody',
    find: 'if (!route.allow && route.public === undefined) {',
    replace: "if (!route.allow && route.public === 'never') {",
    removes: 'a route says who may use it',
    guards: ['flaw 10', 'flaw 11'],
  },
  {
    id: 'line-without-condition',
    find: 'if (isEmpty && line.token === undefined) {',
    replace: "if (isEmpty && line.token === ('never' as never)) {",
    removes: 'a line without a condition is a mistake: any valid token must be said',
    guards: ['flaw 10'],
  },
  {
    id: 'any-beside-conditions',
    find: 'if (!isEmpty && line.token !== undefined) {',
    replace: 'if (!isEmpty && line.token === null) {',
    removes: 'token: any does not stand beside what it would undo',
    guards: ['flaw 6'],
  },
  {
    id: 'line-without-methods',
    find: 'if (line.methods === undefined && route.methods === undefined) {',
    replace: 'if (line.methods === null && route.methods === null) {',
    removes: 'a line names its methods',
    guards: ['flaw 5', 'CVE-2026-22754'],
  },
  {
    id: 'ownership-of-no-parameter',
    find: 'if (params && !params.includes(name)) {',
    replace: 'if (params && params.includes(name) && name === "") {',
    removes: 'ownership names a parameter of the path',
    guards: ['CVE-2026-22754'],
  },
  {
    id: 'public-and-allowed',
    find: 'if (both.length === 0) return\n',
    replace: 'if (both.length >= 0) return\n',
    removes: 'a method is not public and for some at once',
    guards: ['flaw 6', 'CVE-2026-22754'],
  },
  {
    id: 'public-methods-said',
    find: 'if (route.public !== undefined && route.allow && route.methods === undefined) {',
    replace: "if (route.public === '' && route.allow && route.methods === undefined) {",
    removes: 'beside allow lines, the public methods are named',
    guards: ['flaw 6'],
  },
])

const files = [
  ...inFile('config/resolve.ts', MISTAKES, [
    {
      id: 'two-routes-of-one-shape',
      find: '  checkShapes(inOrder, report)\n',
      replace: '  void checkShapes\n  void inOrder\n',
      removes: 'two routes that match the same requests are a mistake',
      guards: ['flaw 9'],
    },
  ]),
  ...inFile('config/resolve-identity.ts', MISTAKES, [
    {
      id: 'identity-in-framing-fields',
      find: "if (FRAMING.test(spelling)) return 'this field steers the message itself and cannot carry an identity'\n",
      replace: 'void FRAMING\n',
      removes: 'an identity field frames no message',
      guards: ['RFC 9112 6'],
    },
    {
      id: 'identity-in-credentials',
      find: 'if (CREDENTIALS.test(spelling))\n',
      replace: "if (spelling === '' && CREDENTIALS.test(spelling))\n",
      removes: 'an identity field holds no credentials',
      guards: ['RFC 6750 5.3'],
    },
    {
      id: 'identity-names-alike',
      find: 'return other === undefined ? undefined : `many servers',
      replace: 'return other === undefined || other !== "" ? undefined : `many servers',
      removes: 'two identity fields are not one to a server',
      guards: ['flaw 4', 'GHSA-5m6w-wvh7-57vm'],
    },
  ]),
  ...inFile(
    'config/resolve-server.ts',
    ['unit/config/load-values.test.ts'],
    [
      {
        id: 'certificate-that-is-none',
        find: "if (certPem !== undefined && !certificate) report.error([...path, 'cert'], 'the file holds no PEM certificate')",
        replace: '',
        removes: 'a TLS setting that cannot be honoured stops the start',
        guards: ['CVE-2026-22750'],
      },
      {
        id: 'redis-tls-contradiction',
        find: "if (it.tls !== undefined && it.tls !== (url.protocol === 'rediss:')) {",
        replace: "if (it.tls !== undefined && url.protocol === '') {",
        removes: 'TLS to Redis is as both settings say, or a mistake',
        tests: MISTAKES,
        guards: ['CVE-2026-22750'],
      },
    ],
  ),
  ...inFile('config/same-server.ts', RELOAD, [
    {
      id: 'reload-of-listeners',
      find: 'if (changed.length === 0) return\n',
      replace: 'if (changed.length >= 0) return\n',
      removes: 'a setting that a reload cannot change is refused with its name',
      guards: ['CVE-2026-22750'],
    },
  ]),
]

const logs = [
  ...inFile(
    'observability/access-log.ts',
    ['unit/observability/access-log.test.ts', 'security/challenge.test.ts'],
    [
      {
        id: 'log-is-json',
        find: 'return PLAIN.test(value) ? `,"${name}":"${value}"` : `,"${name}":${JSON.stringify(value)}`',
        replace: 'return PLAIN.test("") ? `,"${name}":"${value}"` : `,"${name}":${JSON.stringify(value)}`',
        removes: 'nothing that a client sends ends a line of the log',
        guards: ['CVE-2025-25294'],
      },
      {
        id: 'log-subject',
        find: "if (config.subject === 'none') return undefined\n  return config.subject === 'id' ? record.subject : record.subjectHash",
        replace: 'return config.subject === undefined ? record.subjectHash : record.subject',
        removes: 'the log names a subject only where the file says so',
        tests: ['security/information-leaks.test.ts'],
        guards: ['pitfall 22'],
      },
    ],
  ),
  ...inFile(
    'observability/logger.ts',
    ['unit/observability/logger.test.ts', 'security/information-leaks.test.ts'],
    [
      {
        id: 'log-error-properties',
        find: 'serializers: { cause: describeCause },',
        replace: 'serializers: { cause: (error: unknown) => ({ ...(error as object) }) },',
        removes: 'no property of an error is logged: one holds the raw request',
        guards: ['pitfall 22'],
      },
      {
        id: 'log-redacts',
        find: "redact(parts.join(': ')).slice(0, 500)",
        replace: "parts.join(redact(': ')).slice(0, 500)",
        removes: 'a token in the message of a library is not logged',
        guards: ['pitfall 22'],
      },
    ],
  ),
  ...inFile('config/read-secret.ts', MISTAKES, [
    {
      id: 'certificate-missing',
      find: 'report.error(path, `the file ${report.quote(path)} ${reason}`)',
      replace: 'void reason; void path',
      removes: 'a file that is named and not there stops the start',
      guards: ['CVE-2026-22750'],
    },
  ]),
  ...inFile(
    'http/admin-server.ts',
    ['security/information-leaks.test.ts'],
    [
      {
        id: 'admin-pages',
        find: "app.get('/config/status', (c) =>",
        replace: "app.get('*', (c) =>",
        removes: 'the admin listener has its pages and nothing else',
        guards: ['CVE-2025-24030'],
      },
    ],
  ),
  ...inFile(
    'gateway.ts',
    ['security/information-leaks.test.ts'],
    [
      {
        id: 'data-pages',
        find: "  app.all('*', ({ env: { exchange } }) => {\n",
        replace:
          "  app.all('*', ({ env: { exchange } }) => {\n    if (exchange.incoming.url === '/livez') {\n      writeAnswer(exchange, 200, [], 'ok')\n      return TAKEN\n    }\n",
        removes: 'the data listener has no page of health',
        guards: ['CVE-2025-24030', 'flaw 12', 'GHSA-5hvv-m4w4-gf6v'],
      },
    ],
  ),
]

export const CONFIG: readonly Mutant[] = [...routes, ...sections, ...policy, ...files]
export const OPERATION: readonly Mutant[] = logs
