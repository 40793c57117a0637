/** All mutants, by area. */
import { ANSWERS } from './answers.ts'
import { AUTHORIZATION } from './authorization.ts'
import { BODIES } from './bodies.ts'
import { CLAIMS_CHECKED } from './claims.ts'
import { CONFIG, OPERATION } from './config.ts'
import { CONSOLE } from './console.ts'
import { DOCS_PAGE } from './docs-page.ts'
import { FIELDS } from './fields.ts'
import { FORWARDED } from './forwarded.ts'
import { GATEWAY } from './gateway.ts'
import { KEY_LIFE } from './key-life.ts'
import { KEY_SETS } from './key-sets.ts'
import { KNOWN_TOKENS } from './known-tokens.ts'
import { LIMITS } from './limits.ts'
import { LISTENER } from './listener.ts'
import { LOGINS } from './logins.ts'
import type { Mutant } from './mutant.ts'
import { PAGE_TOKENS } from './page-tokens.ts'
import { PIPELINE } from './pipeline.ts'
import { ROUTING } from './routing.ts'
import { SESSIONS } from './sessions.ts'
import { STORE } from './store.ts'
import { STREAM_ENDS } from './stream-ends.ts'
import { TOKEN_TEXTS } from './token-texts.ts'
import { UPSTREAM_ANSWERS } from './upstream-answers.ts'
import { UPSTREAMS } from './upstreams.ts'
import { WINDOWS } from './windows.ts'

export const MUTANTS: Readonly<Record<string, readonly Mutant[]>> = {
  config: CONFIG,
  pipeline: PIPELINE,
  'token-texts': TOKEN_TEXTS,
  claims: CLAIMS_CHECKED,
  'known-tokens': KNOWN_TOKENS,
  'key-sets': KEY_SETS,
  'key-life': KEY_LIFE,
  routing: ROUTING,
  authorization: AUTHORIZATION,
  limits: LIMITS,
  bodies: BODIES,
  windows: WINDOWS,
  store: STORE,
  fields: FIELDS,
  forwarded: FORWARDED,
  upstreams: UPSTREAMS,
  'upstream-answers': UPSTREAM_ANSWERS,
  listener: LISTENER,
  gateway: GATEWAY,
  answers: ANSWERS,
  sessions: SESSIONS,
  logins: LOGINS,
  'page-tokens': PAGE_TOKENS,
  'stream-ends': STREAM_ENDS,
  operation: OPERATION,
  console: CONSOLE,
  'docs-page': DOCS_PAGE,
}
