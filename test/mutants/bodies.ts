/** Bodies that are put to a schema. */
import { inFile, type Mutant } from './mutant.ts'

const WIRE = ['security/bodies.test.ts']
const READINGS = ['security/body-readings.test.ts']
const SCHEMAS = ['unit/cli/body-schemas.test.ts']
const COMMANDS = ['unit/cli/bodies.test.ts']
const COMPILED = ['unit/validation/compile-body.test.ts']

const stage = inFile('pipeline.ts', WIRE, [
  {
    id: 'stage-check-body',
    find: '  checkBody, // 400 413 415 422\n',
    replace: '',
    removes: 'bodies are checked at all',
    also: [
      { file: 'src/pipeline.ts', find: 'const STAGES: readonly', replace: 'void checkBody\nconst STAGES: readonly' },
    ],
  },
  {
    id: 'stage-check-body-last',
    find: '  authorize, // 404 405 403\n  limitAfterAuth, // 429 503\n  checkBody, // 400 413 415 422\n',
    replace: '  checkBody, // 400 413 415 422\n  authorize, // 404 405 403\n  limitAfterAuth, // 429 503\n',
    removes: 'a caller who may not pass learns nothing of a schema',
  },
])

const check = inFile('validation/check-body.ts', WIRE, [
  {
    id: 'checked-body-mismatch',
    find: 'if (errors !== undefined) throw',
    replace: 'if (errors === null) throw',
    removes: 'a body must match',
  },
  {
    id: 'checked-body-required',
    find: 'if (content === undefined || !content.requiredFor.includes(method)) return',
    replace: 'if (content === undefined || method.length > 0) return',
    removes: 'a body must be there',
  },
  {
    id: 'body-empty-chunks',
    find: 'if (body.length === 0) assertNoneNeeded(content, visit.method)',
    replace: 'if (body.length === 0) return',
    removes: 'chunks without a byte are no body',
  },
  {
    id: 'checked-body-size',
    find: 'const { bodyBytes: maxBytes, timeouts } = match.route',
    replace: 'const { timeouts } = match.route\n  const maxBytes = 2 ** 30',
    removes: 'a body that is read has a greatest size',
  },
])

const type = inFile('validation/content-type.ts', READINGS, [
  {
    id: 'checked-body-coding',
    find: "name === 'content-encoding' && ",
    replace: "name === 'content-codings' && ",
    removes: 'what is coded is not what was checked',
  },
  {
    id: 'body-type-twice',
    find: "if (written !== undefined) throw new GatewayError('unsupported_media_type', 'body_type_twice')",
    replace: 'if (written !== undefined) continue',
    removes: 'two types are not read as one',
  },
  {
    id: 'checked-body-charset',
    find: "charset !== 'utf-8'",
    replace: "charset === 'utf-7'",
    removes: 'only UTF-8 is read as UTF-8',
  },
])

const json = inFile('validation/json-body.ts', READINGS, [
  {
    id: 'body-strict-json',
    find: 'value = parseStrictJson(text)',
    replace: 'value = JSON.parse(text)\n    void parseStrictJson',
    removes: 'a name that stands twice is read by two parsers in two ways',
  },
  {
    id: 'checked-body-utf8',
    find: 'if (!isUtf8(body)) throw',
    replace: 'if (!isUtf8(Buffer.alloc(0))) throw',
    removes: 'bytes that are no UTF-8 are not guessed at',
  },
  {
    id: 'body-surrogates',
    find: 'if (MAYBE_LONE.test(text) && !isWellFormed(value))',
    replace: 'if (MAYBE_LONE.test(text) && !isWellFormed(null))',
    removes: 'half a surrogate pair is no text',
  },
])

const compile = inFile('validation/compile-body.ts', COMPILED, [
  {
    id: 'schema-own-members',
    find: 'ownProperties: true,',
    replace: '',
    removes: 'members of prototypes are no members',
  },
  {
    id: 'schema-collect-little',
    find: 'isSmall(value, MAX_COLLECTED_VALUES) ?',
    replace: 'isSmall(value, MAX_COLLECTED_VALUES * 1e9) ?',
    removes: 'of a large body not every mistake is looked for',
  },
  {
    id: 'schema-strict-words',
    find: 'strictSchema: !isOpenApi,',
    replace: 'strictSchema: false,',
    tests: SCHEMAS,
    removes: 'a misspelt word is no schema',
  },
  {
    id: 'schema-cycle',
    find: 'return cycle === undefined ?',
    replace: 'return cycle !== null ?',
    tests: SCHEMAS,
    removes: 'a schema that refers to itself does not load',
  },
  {
    id: 'schema-unevaluated-prototype',
    find: '$2{__proto__:null}',
    replace: '$2{}',
    removes: 'a name of a prototype is no member that was looked at',
  },
  {
    id: 'schema-url-length',
    find: 'text.length <= MAX_URL_LENGTH && ',
    replace: '',
    removes: 'a URL has a greatest length',
  },
  {
    id: 'schema-comparison-throws',
    find: 'if (error instanceof TypeError) return',
    replace: 'if (error instanceof SyntaxError) return',
    removes: 'a body that makes a comparison throw does not match',
  },
])

const describe = inFile('validation/describe-mismatch.ts', COMPILED, [
  {
    id: 'mismatch-bounded',
    find: 'if (findings.size === MAX_FINDINGS) break',
    replace: 'if (findings.size === 1e9) break',
    removes: 'an answer has a greatest size',
  },
  {
    id: 'mismatch-pointer-cut',
    find: 'encodeURI(shorten(whole).toWellFormed())',
    replace: 'encodeURI(whole.toWellFormed())',
    removes: 'a name that a client made up is cut',
  },
])

const load = inFile('config/resolve-openapi-body.ts', COMMANDS, [
  {
    id: 'openapi-body-literal-first',
    find: "one.includes('{') ? '1' : '0'",
    replace: "one.includes('{') ? '0' : '1'",
    removes: 'a literal path wins over one with parameters',
  },
  {
    id: 'openapi-body-url',
    find: 'if (/^https?:/i.test(file)) {',
    replace: 'if (/^ftp:/i.test(file)) {',
    tests: SCHEMAS,
    removes: 'a document is not fetched at a start',
  },
])

const reload = [
  ...inFile(
    'compile-bodies.ts',
    ['integration/process/schema-files.test.ts'],
    [
      {
        id: 'schema-refuses-load',
        find: 'const faults = compileBody(policy)',
        replace: 'const faults = compileBody(policy).slice(0, 0)',
        removes: 'a broken schema changes nothing',
      },
    ],
  ),
  ...inFile(
    'config/load.ts',
    ['integration/process/schema-files.test.ts'],
    [
      {
        id: 'schema-in-digest',
        find: '[text, ...schemas.values()]',
        replace: '[text]',
        removes: 'a schema file that changes is another configuration',
      },
    ],
  ),
]

export const BODIES: readonly Mutant[] = [
  ...stage,
  ...check,
  ...type,
  ...json,
  ...compile,
  ...describe,
  ...load,
  ...reload,
]
