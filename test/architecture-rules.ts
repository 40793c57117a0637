/** Areas of `src/`, and what each may use. `architecture.test.ts` holds every file to it. */

export interface Rule {
  /** Areas whose values may be used beside the area's own: a folder of `src/`, or a file in it. `*`: all. */
  readonly values: readonly string[]
  /** Areas of which only types may be used. */
  readonly types: readonly string[]
  readonly packages: readonly string[]
  /** Node's own modules. Their types may be used by every area but those that also run elsewhere (`edge`). */
  readonly builtins: readonly string[]
  readonly edge?: true
}

const ALL = ['*']
const TOKEN = ['config', 'authentication']
const CLAIMS = ['errors.ts', 'read-claim.ts']
const STAGES = [
  'routing',
  'authentication',
  'authorization',
  'rate-limiting',
  'validation',
  'forwarding',
  'http',
  'observability',
]

export const RULES: Readonly<Record<string, Rule>> = {
  'errors.ts': { values: [], types: [], packages: [], builtins: [], edge: true },
  'read-claim.ts': { values: [], types: [], packages: [], builtins: [], edge: true },
  'own-cookies.ts': { values: [], types: [], packages: [], builtins: [], edge: true },
  config: { values: ['errors.ts'], types: [], packages: ['zod', 'yaml'], builtins: ['crypto', 'fs', 'path'] },
  routing: { values: ['errors.ts'], types: ['config'], packages: [], builtins: [], edge: true },
  authentication: {
    values: ['errors.ts'],
    types: ['config'],
    packages: ['jose', 'openid-client'],
    builtins: ['http', 'https'],
    edge: true,
  },
  authorization: { values: CLAIMS, types: TOKEN, packages: [], builtins: [], edge: true },
  'rate-limiting': { values: CLAIMS, types: TOKEN, packages: ['ioredis'], builtins: ['crypto', 'fs'] },
  // Types flow down the path of a request: what was matched is what is forwarded.
  forwarding: {
    values: [...CLAIMS, 'own-cookies.ts'],
    types: [...TOKEN, 'routing'],
    packages: ['undici'],
    builtins: ['dns', 'net', 'stream', 'tls'],
  },
  http: {
    values: ['errors.ts', 'own-cookies.ts'],
    types: ['config'],
    packages: ['hono', '@hono/node-server'],
    builtins: ['crypto', 'http', 'https', 'net', 'os'],
  },
  // The body of a request is JSON as strict as a token, for the operation whose path the upstream gets.
  validation: {
    values: ['errors.ts', 'config', 'authentication', 'forwarding', 'http'],
    types: ['routing'],
    packages: ['ajv', 'ajv-formats'],
    builtins: ['buffer'],
  },
  observability: { values: ['errors.ts'], types: ['config'], packages: ['pino'], builtins: ['fs'] },
  // What a session comes to is a token, which goes the way of others: nothing here knows of authentication.
  sessions: {
    values: [...CLAIMS, 'own-cookies.ts', 'routing'],
    types: ['config'],
    packages: ['ioredis', 'jose', 'openid-client'],
    builtins: ['crypto', 'timers'],
  },
  // Likewise, what a ticket comes to.
  tickets: { values: ['errors.ts'], types: ['config'], packages: ['ioredis'], builtins: ['crypto'] },
  // From here on the stages are put together.
  'visit.ts': {
    values: ['http', 'rate-limiting'],
    types: ['errors.ts', 'config', 'runtime.ts', ...STAGES],
    packages: [],
    builtins: [],
  },
  'runtime.ts': {
    values: ['routing', 'validation', 'http'],
    types: ['config', 'docs-page', 'sessions', 'tickets', ...STAGES],
    packages: [],
    builtins: [],
  },
  'session-stage.ts': {
    values: ['http'],
    types: ['config', 'sessions', 'visit.ts'],
    packages: [],
    builtins: [],
  },
  'docs-stage.ts': { values: [], types: ['docs-page', 'visit.ts'], packages: [], builtins: [] },
  'page-token-stage.ts': {
    values: ['errors.ts', 'authentication', 'tickets'],
    types: ['config', 'forwarding', 'http', 'visit.ts'],
    packages: [],
    builtins: [],
  },
  'own-page.ts': {
    values: ['docs-stage.ts', 'page-token-stage.ts', 'session-stage.ts'],
    types: ['config', 'visit.ts'],
    packages: [],
    builtins: [],
  },
  'upstream-fields.ts': {
    values: ['errors.ts', 'forwarding'],
    types: ['http', 'routing', 'visit.ts'],
    packages: [],
    builtins: [],
  },
  'pipeline.ts': {
    values: ['errors.ts', 'own-page.ts', 'page-token-stage.ts', 'session-stage.ts', 'upstream-fields.ts', ...STAGES],
    types: ['config', 'runtime.ts', 'visit.ts'],
    packages: [],
    builtins: [],
  },
  'answer.ts': { values: ['http'], types: ['errors.ts', 'config', 'visit.ts'], packages: [], builtins: [] },
  'gateway.ts': {
    values: ['errors.ts', 'answer.ts', 'pipeline.ts', 'visit.ts', 'http', 'observability'],
    types: ['config', 'runtime.ts'],
    packages: ['hono'],
    builtins: [],
  },
  'decision-log.ts': {
    values: [...CLAIMS, 'authorization', 'observability'],
    types: [...TOKEN, 'visit.ts'],
    packages: [],
    builtins: [],
    edge: true,
  },
  'live-runtime.ts': {
    values: ['errors.ts', 'config', 'docs-page', 'runtime.ts', ...STAGES],
    types: ['sessions', 'tickets'],
    packages: [],
    builtins: ['crypto'],
  },
  'browser-parts.ts': {
    values: ['rate-limiting', 'sessions', 'tickets'],
    types: ['authentication', 'config'],
    packages: [],
    builtins: [],
  },
  'assemble.ts': {
    values: [
      'errors.ts',
      'config',
      'console',
      'decision-log.ts',
      'gateway.ts',
      'runtime.ts',
      'live-runtime.ts',
      'browser-parts.ts',
      ...STAGES,
    ],
    types: [],
    packages: [],
    builtins: ['crypto'],
  },
  'compile-bodies.ts': { values: ['config', 'validation'], types: [], packages: [], builtins: [] },
  'follow-file.ts': { values: ['config'], types: ['observability'], packages: [], builtins: [] },
  // A new file is put to its own tests before it is in force.
  'run-gateway.ts': {
    values: ['config', 'assemble.ts', 'compile-bodies.ts', 'docs-page', 'follow-file.ts', 'authoring'],
    types: ['authentication', 'observability'],
    packages: [],
    builtins: ['path'],
  },
  // Several processes around what runs in one.
  workers: {
    values: [
      'config',
      'console',
      'http',
      'observability',
      'assemble.ts',
      'compile-bodies.ts',
      'docs-page',
      'follow-file.ts',
      'run-gateway.ts',
    ],
    types: ['live-runtime.ts'],
    packages: [],
    builtins: ['cluster', 'crypto', 'net', 'path', 'tls'],
  },
  // Tools for people run requests through the pipeline itself; nothing on the path of a request knows them.
  authoring: {
    values: ['errors.ts', 'config', 'answer.ts', 'pipeline.ts', 'runtime.ts', 'visit.ts', ...STAGES],
    types: [],
    packages: ['zod', 'yaml'],
    builtins: [],
  },
  // The API reference page: built where a file asks for it; what runs in the browser has tests of its own.
  'docs-page': {
    values: ['config', 'authoring'],
    types: [],
    packages: [],
    builtins: ['buffer', 'crypto', 'fs', 'module', 'path'],
  },
  // Loaded when somebody looks at it; what runs in the browser has a test of its own.
  console: {
    values: [...CLAIMS, 'config', 'authorization', 'authoring'],
    types: STAGES,
    packages: ['hono', 'zod'],
    builtins: ['fs', 'module', 'path'],
  },
  dev: {
    values: ['errors.ts', 'config'],
    types: [],
    packages: ['jose', 'oidc-provider'],
    builtins: ['crypto', 'fs', 'http', 'module', 'net'],
  },
  cli: { values: ALL, types: ALL, packages: ALL, builtins: ALL },
  'main.ts': { values: ALL, types: ALL, packages: ALL, builtins: ALL },
}
