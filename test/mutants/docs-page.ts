/** The API reference page: what it tells, whom it lets in, and which answer to a login counts. */
import { inFile, type Mutant } from './mutant.ts'

const SOCKETS = ['security/reference-page.test.ts']
const BROWSER = ['security/reference-page-browser.test.ts']
const LOGIN = ['integration/dev-docs.test.ts']

const built = inFile('docs-page/build-docs.ts', SOCKETS, [
  {
    id: 'docs-outline',
    find: 'describe: outlineSecurity,',
    replace: 'describe: describeSecurity,',
    removes: 'roles and claims stay in the file',
    also: [
      {
        file: 'src/docs-page/build-docs.ts',
        find: 'import { outlineSecurity }',
        replace: 'import { describeSecurity }',
      },
    ],
  },
  {
    id: 'docs-left-out',
    find: 'const shows = ({ path }: RouteConfig) => !docs.leaveOut.has(path)',
    replace: 'const shows = (_: RouteConfig) => true',
    removes: 'a route that is left out is not shown',
  },
  {
    id: 'docs-left-out-scopes',
    find: '!leaveOut.has(path) && issuers.includes',
    replace: '(path !== undefined || leaveOut.has(path)) && issuers.includes',
    removes: 'nor are its scopes offered',
  },
  {
    id: 'docs-version',
    find: "const version = hash('sha256', JSON.stringify(shown), 'base64url').slice(0, 12)",
    replace: 'const version = config.digest',
    removes: 'the digest of a file with secrets is not told',
  },
  {
    id: 'docs-title',
    find: "escapeHtml(texts[name] ?? '')",
    replace: "texts[name] ?? ''",
    removes: 'a title is text',
  },
  {
    id: 'docs-script',
    find: `"script-src 'self'"`,
    replace: `"script-src 'self' 'unsafe-inline'"`,
    removes: 'no inline script runs',
    tests: BROWSER,
  },
  {
    id: 'docs-frame',
    find: `    "frame-ancestors 'none'",\n`,
    replace: '',
    removes: 'the page is in no frame',
  },
  {
    id: 'docs-opener',
    find: "headers.push('Cross-Origin-Opener-Policy', 'same-origin-allow-popups')",
    replace: 'headers.push()',
    removes: 'a page of the same origin cannot reach into it',
    tests: BROWSER,
  },
])

const stage = inFile('docs-stage.ts', SOCKETS, [
  {
    id: 'docs-etag',
    find: "tags.includes(etag) || tags.includes('*')",
    replace: 'tags.length > 0',
    removes: 'a client gets what it does not have yet',
    guards: ['RFC 9110 13.1.2'],
  },
])

const resolved = inFile(
  'config/resolve-docs.ts',
  ['unit/config/mistakes.test.ts'],
  [
    {
      id: 'docs-routes',
      find: 'if (path !== page && !path.startsWith(`${page}/`)) continue',
      replace: 'if (path !== page) continue',
      removes: 'nothing of the file stands below the page',
    },
    {
      id: 'docs-login-page',
      find: 'if (login?.pages.some((page) => own.includes(page.path)))',
      replace: 'if (login?.pages.some(() => false && own.length > 0))',
      removes: 'it takes the place of no page of the login',
    },
  ],
)

const redirect = inFile('docs-page/docs-files/oauth2-redirect.js', LOGIN, [
  {
    id: 'docs-state',
    find: "if (state === undefined || read('state') !== state)",
    replace: 'if (state === 1)',
    removes: 'only the answer to the own login counts',
    guards: ['RFC 6749 10.12'],
  },
  {
    id: 'docs-state-twice',
    find: 'return values.length === 1 ? values[0] : undefined',
    replace: 'return values[0]',
    removes: 'a parameter that stands there twice counts as none',
    guards: ['RFC 6749 3.1'],
  },
  {
    id: 'docs-iss',
    find: "if (answer.has('iss') && read('iss') !== issuer)",
    replace: 'if (issuer === 1)',
    removes: 'an answer of another issuer does not count',
    guards: ['RFC 9207 2.4'],
  },
])

const page = inFile('docs-page/docs-files/page.js', LOGIN, [
  {
    id: 'docs-issuer',
    find: 'if (metadata.issuer !== issuer)',
    replace: 'if (metadata.issuer === 1)',
    removes: 'nobody logs in by the word of another issuer',
  },
  {
    id: 'docs-token-origin',
    find: 'if (URL.parse(tokenUrl)?.origin !== new URL(issuer).origin)',
    replace: 'if (tokenUrl === 1)',
    removes: 'a code goes to the issuer alone',
  },
  {
    id: 'docs-login-address',
    find: 'if (!/^https?:$/.test(URL.parse(authorizationUrl)?.protocol))',
    replace: 'if (authorizationUrl === 1)',
    removes: 'a login is a web page',
  },
])

export const DOCS_PAGE: readonly Mutant[] = [...built, ...stage, ...resolved, ...redirect, ...page]
