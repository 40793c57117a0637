/** The console, and who may ask for it. */
import { inFile, type Mutant } from './mutant.ts'

const SOCKETS = ['security/console.test.ts']
const ACCESS = ['unit/http/admin-access.test.ts']

const access = inFile('http/admin-access.ts', ACCESS, [
  {
    id: 'admin-host',
    find: "if (!isKnownHost(request.header('host'), known)) return WRONG_HOST\n",
    replace: 'void isKnownHost\n    void WRONG_HOST\n',
    removes: 'a name that points to this machine does not open the console to a page',
  },
  {
    id: 'admin-host-exact',
    find: 'return isIP(name) !== 0 || known.has(name)',
    replace: 'return isIP(name) !== 0 || [...known].some((one) => name.startsWith(one))',
    removes: 'names are compared as a whole',
  },
  {
    id: 'admin-origin',
    find: "if (origin !== undefined && URL.parse(origin)?.host !== request.header('host')) return true\n",
    replace: 'void origin\n',
    removes: 'another origin is refused where a browser says nothing else',
  },
  {
    id: 'admin-site',
    find: "if (site === 'same-origin' || site === 'none') return false",
    replace: "if (site !== 'cross-site') return false",
    removes: 'only the page itself and a person may ask',
  },
  {
    id: 'admin-link',
    find: "return !(isLink && request.method === 'GET' && request.path === CONSOLE)",
    replace: 'return !isLink',
    removes: 'a link leads to the page alone',
  },
  {
    id: 'admin-password',
    find: 'return secret === undefined ? undefined : judgePassword(request, secret)',
    replace:
      "return secret === undefined || request.header('authorization') ? undefined : judgePassword(request, secret)",
    removes: 'the password is asked for',
  },
  {
    id: 'admin-password-whole',
    find: 'if (timingSafeEqual(presented, expected)) return undefined',
    replace: 'if (timingSafeEqual(presented.subarray(0, 0), expected.subarray(0, 0))) return undefined',
    removes: 'the password is compared as a whole',
  },
  {
    id: 'admin-password-guesses',
    find: 'if (waitSeconds > 0) return',
    replace: 'if (waitSeconds < 0) return',
    removes: 'a password is not guessed at the speed of the network',
    tests: [...ACCESS, ...SOCKETS],
  },
  {
    id: 'admin-loopback',
    find: 'return address === ',
    replace: "return address === '0.0.0.0' || address === ",
    removes: 'a listener on all addresses is none on loopback',
    tests: [...ACCESS, ...SOCKETS],
  },
])

const server = inFile('http/admin-server.ts', SOCKETS, [
  {
    id: 'console-needs-password',
    find: 'servesConsole ? sources.console(c.req.raw) : refuse(c, NEEDS_PASSWORD)',
    replace: 'sources.console(c.req.raw)',
    removes: 'beyond loopback there is no console without a password',
  },
  {
    id: 'console-guarded',
    find: 'toThoseWhoMay(c, () => (servesConsole ? sources.console(c.req.raw) : refuse(c, NEEDS_PASSWORD)))',
    replace: 'servesConsole ? sources.console(c.req.raw) : refuse(c, NEEDS_PASSWORD)',
    removes: 'the console is for those who may',
  },
  {
    id: 'config-status-guarded',
    find: 'toThoseWhoMay(c, () => c.json(sources.configStatus(), 200, PRIVATE))',
    replace: 'c.json(sources.configStatus(), 200, PRIVATE)',
    removes: 'the state of the configuration is for those who may',
  },
])

const page = inFile('console/console.ts', SOCKETS, [
  {
    id: 'console-policy',
    find: '"default-src \'none\'",',
    replace: '"default-src *",',
    removes: 'the page takes nothing from elsewhere',
  },
  {
    id: 'console-frames',
    find: '"frame-ancestors \'none\'",',
    replace: '"frame-ancestors *",',
    removes: 'the page is in no frame',
  },
  {
    id: 'console-json',
    find: "if (!/^application\\/json(?:;|$)/.test(c.req.header('content-type') ?? ''))",
    replace: "if (c.req.header('content-type') === 'image/png')",
    removes: 'a form of another page can send no trial',
  },
  {
    id: 'console-body',
    find: 'maxSize: MAX_TRIAL_BYTES,',
    replace: 'maxSize: 1e9 + MAX_TRIAL_BYTES,',
    removes: 'a trial has a greatest size',
  },
  {
    id: 'console-unstored',
    find: "  'Cache-Control': 'no-store',\n  'Referrer-Policy'",
    replace: "  'Referrer-Policy'",
    removes: 'nothing of the page is stored',
  },
])

const secrets = inFile(
  'config/secret-ranges.ts',
  ['unit/config/secrets.test.ts'],
  [
    {
      id: 'admin-password-hidden',
      find: '  admin: /^(host|port|names|file)$/,\n',
      replace: '',
      removes: 'no message shows the password of the admin listener',
    },
  ],
)

const trial = inFile(
  'console/try-request.ts',
  ['unit/console/try-request.test.ts'],
  [
    {
      id: 'trial-issuers',
      find: 'return caller?.(issuers)',
      replace: 'return caller?.(undefined)',
      removes: 'a route is open to tokens of its issuers alone',
    },
  ],
)

export const CONSOLE: readonly Mutant[] = [...access, ...server, ...page, ...secrets, ...trial]
