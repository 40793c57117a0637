/** What `scopegate dev` prints: shell lines that show the example file at work, in an order in which each one works. */
import type { RealmFile } from './realm.ts'

export interface Example {
  /** What the line shows. */
  readonly shows: string
  /** One line for any POSIX shell with curl and sed. */
  readonly command: string
}

export interface Addresses {
  readonly gateway: string
  readonly admin: string | undefined
  readonly issuer: string
  readonly page: string
  /** Of the API reference page; undefined: the file asks for none. */
  readonly docs: string | undefined
}

/** The client of `keycloak-realm.json` for a single-page app. */
export const PAGE_CLIENT = 'shop-spa'

export function passwordOf(realm: RealmFile, username: string): string {
  return realm.users.find((user) => user.username === username)?.credentials?.[0]?.value ?? ''
}

/** Lines for the example `scopegate.yaml` and the users and clients of `keycloak-realm.json`. */
export function examples({ gateway, admin, issuer }: Omit<Addresses, 'page' | 'docs'>, realm: RealmFile): Example[] {
  const password = passwordOf(realm, 'alice')
  const secret = realm.clients.find(({ clientId }) => clientId === 'shop-service')?.secret ?? ''
  const tokenFor = (variable: string, fields: readonly string[]) =>
    `${variable}=$(curl -s ${fields.map((field) => `-d ${quote(field)}`).join(' ')} ${quote(`${issuer}/protocol/openid-connect/token`)} | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`
  const alice = ['grant_type=password', 'client_id=shop-cli', 'username=alice', `password=${password}`]
  const service = ['grant_type=client_credentials', 'client_id=shop-service', `client_secret=${secret}`]
  const call = (path: string, options = '') => `curl -si ${options}${quote(gateway + path)}`
  const bearer = (variable: string) => `-H "Authorization: Bearer $${variable}" `
  return [
    {
      shows: 'an access token of alice that may read orders',
      command: tokenFor('TOKEN', [...alice, 'scope=openid orders:read']),
    },
    { shows: '200: the scope orders:read is there', command: call('/orders/7', bearer('TOKEN')) },
    { shows: '401: no token', command: call('/orders/7') },
    { shows: '403: the scope orders:write is missing', command: call('/orders', `-X POST ${bearer('TOKEN')}`) },
    { shows: '200: public, no token needed', command: call('/catalog/tea-pot') },
    {
      shows: 'an access token of a service that may refund',
      command: tokenFor('SERVICE', [...service, 'scope=refunds:write']),
    },
    {
      shows: '201 three times, then 429: three refunds a minute',
      command: `for n in 1 2 3 4; do curl -s -o /dev/null -w '%{http_code}\\n' -X POST ${bearer('SERVICE')}${quote(`${gateway}/refunds`)}; done`,
    },
    { shows: '429 with Retry-After and RateLimit', command: call('/refunds', `-X POST ${bearer('SERVICE')}`) },
    ...(admin === undefined
      ? []
      : [
          { shows: 'is it ready?', command: `curl -si ${quote(`${admin}/readyz`)}` },
          { shows: 'its counters', command: `curl -s ${quote(`${admin}/metrics`)}` },
        ]),
  ]
}

function quote(text: string): string {
  return /^[\w:/.=@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
