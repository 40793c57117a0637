/** What must not get through examples/keycloak-behind. */
import { credentials, FORM, PASSWORD, type Sent } from './behind-stage.ts'

const REALM = '/realms/shop'
const LOGIN = `${REALM}/login-actions`

/** Logins that Keycloak itself takes, with a name that a gateway sees elsewhere, otherwise, or twice. */
export const TAKEN: Readonly<Record<string, (name: string) => Sent>> = {
  'in multipart': (name) => ({ type: 'multipart/form-data; boundary=x', body: multipart(name) }),
  'with escapes of ISO-2022-JP in it': (name) => ({
    type: `${FORM}; charset=iso-2022-jp`,
    body: credentials(`%1b(B${name}`, PASSWORD),
  }),
  'in UTF-16': (name) => ({ type: `${FORM};charset="utf-16"`, body: credentials(utf16(name), utf16(PASSWORD)) }),
  'in a type that only begins like a form': (name) => ({ type: `${FORM}-x`, body: credentials(name, PASSWORD) }),
  'beside another name': (name) => ({ body: `${credentials(name, PASSWORD)}&username=somebody` }),
}

function multipart(username: string): string {
  const parts = Object.entries({ username, password: PASSWORD }).map(
    ([field, value]) => `--x\r\nContent-Disposition: form-data; name="${field}"\r\n\r\n${value}\r\n`,
  )
  return `${parts.join('')}--x--\r\n`
}

function utf16(text: string): string {
  return text.replace(/./g, '%00$&')
}

/** Of Keycloak, and of no use to a login. */
export const HIDDEN = [
  '/',
  '/admin',
  '/admin/master/console/',
  '/admin/realms/shop/users',
  '/metrics',
  '/health',
  '/health/ready',
  '/realms/master',
  '/realms/master/protocol/openid-connect/auth',
  '/realms/master/.well-known/openid-configuration',
  REALM,
  `${REALM}/account`,
  `${REALM}/protocol/openid-connect/token/introspect`,
  `${REALM}/clients-registrations/openid-connect`,
  `${REALM}/broker/x/endpoint`,
  `${LOGIN}/reset-credentials`,
  `${LOGIN}/registration`,
  `${LOGIN}/first-broker-login`,
  `${LOGIN}/action-token`,
  '/resources/v/admin/x.js',
]

export const AMBIGUOUS = [
  '/resources/v/login/%2e%2e/admin',
  `${LOGIN}/authenticate/..%2f..`,
  `${REALM}/../master`,
  `${LOGIN}/authenticate;a=b`,
]
