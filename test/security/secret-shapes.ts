import { createSealer } from '../../src/sessions/seal.ts'
import type { Session } from '../../src/sessions/session.ts'
import type { TestIssuer } from '../support/test-issuer.ts'
import { generateSigningKey, withBrokenSignature } from '../support/tokens.ts'

type Secrets = Record<string, string>

/** The parts of a token behind its header, in which nothing is secret. */
function noteParts(secrets: Secrets, name: string, token: string): void {
  for (const [index, part] of token.split('.').slice(1).entries()) secrets[`${name}Part${index}`] = part.slice(0, 200)
}

const headOf = (start: string, ...fields: string[]) =>
  `${[start, 'Host: shop.example', ...fields, 'Connection: close'].join('\r\n')}\r\n\r\n`

/**
 * Requests in every shape, each with secrets where secrets are, and in places where they should not be.
 * @param secret a secret of this name
 * @param secrets gets the parts of the tokens
 */
export async function writeShapes(
  issuer: TestIssuer,
  secret: (name: string) => string,
  secrets: Secrets,
): Promise<string[]> {
  const token = async (name: string, claims = {}, foreign = false) => {
    const key = foreign ? await generateSigningKey() : undefined
    const text = await issuer.mint({ email: secret(`${name}Claim`), ...claims }, { key })
    noteParts(secrets, name, text)
    return text
  }
  const good = await token('good')
  const bearers = [
    good,
    await token('expired', { exp: 1 }),
    await token('foreign', {}, true),
    withBrokenSignature(good),
  ]
  const common = [`Cookie: sid=${secret('cookie')}`, `X-Api-Key: ${secret('apiKey')}`]
  const head = (start: string, ...fields: string[]) => headOf(start, ...fields, ...common)
  const query = `?code=${secret('query')}&access_token=${good}`
  const form = `password=${secret('form')}`
  const odd = [`Bearer  ${good}`, `bearer ${good} x`, `Bearer "${good}"`, `Basic ${secret('basic')}`, secret('scheme')]
  return [
    ...bearers.map((bearer) => head(`GET /orders/1${query} HTTP/1.1`, `Authorization: Bearer ${bearer}`)),
    ...['/dead', '/nowhere', '/reset', '/public'].map((path) =>
      head(`GET ${path}${query} HTTP/1.1`, `Authorization: Bearer ${good}`),
    ),
    ...odd.map((value) => head('GET /orders/1 HTTP/1.1', `Authorization: ${value}`)),
    head('GET /orders/1 HTTP/1.1', `Authorization: Bearer ${good}`, `Authorization: Bearer ${good}`),
    head('GET /orders/1 HTTP/1.1', `${secret('fieldName')}: 1`, `X-A\0: ${secret('nul')}`),
    head('GET /orders/1 HTTP/1.1', `${secret('spaced')} name: 1`, `Authorization: Bearer ${good}`),
    head('GET /orders/1 HTTP/1.1', ` folded: ${secret('folded')}`),
    head(`GET /orders/1 HTTP/9.9${secret('version')}`, `Authorization: Bearer ${good}`),
    head(`${secret('method')} /orders/1 HTTP/1.1`),
    head('GET /orders/1 HTTP/1.1', `X-Long: ${secret('long').repeat(2000)}`),
    head(`GET /orders/1?${secret('longQuery').repeat(1000)} HTTP/1.1`),
    head('GET /orders/1 HTTP/1.1', `Content-Length: ${secret('length')}`, `Transfer-Encoding: ${secret('coding')}`),
    `${head('POST /login HTTP/1.1', 'Content-Type: application/x-www-form-urlencoded', `Content-Length: ${form.length}`)}${form}`,
    `${head('POST /login HTTP/1.1', 'Content-Type: application/x-www-form-urlencoded', 'Transfer-Encoding: chunked')}${secret('chunk')}\r\n`,
    `${head('GET /orders/1 HTTP/1.1').replace('Connection: close\r\n', '')}${secret('pipelined')} ${good}\r\n\r\n`,
    ...socketShapes(head, good, secret),
    `\x16\x03\x01${secret('tls')}`,
  ]
}

type WriteHead = (start: string, ...fields: string[]) => string

/** What pages put elsewhere than in Authorization. */
function socketShapes(head: WriteHead, good: string, secret: (name: string) => string): string[] {
  const open = (target: string, protocols: string) =>
    head(`GET ${target} HTTP/1.1`, 'Upgrade: websocket', `Sec-WebSocket-Protocol: ${protocols}`).replace(
      'Connection: close',
      'Connection: Upgrade, close\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    )
  const bearer = `Authorization: Bearer ${good}`
  const ticket = `ticket=${secret('ticket')}`
  return [
    open('/socket', secret('protocol')),
    ...['', 'x', ` ${secret('afterToken')}`].map((more) => open('/socket', `chat, bearer, ${good}${more}`)),
    open(`/socket?${ticket}`, 'chat'),
    open(`/socket?%74icket=${secret('ticket')}`, `bearer, ${good}`),
    ...['GET', 'POST'].map((method) => head(`${method} /socket?a=1&${ticket} HTTP/1.1`)),
    head(`GET /socket?${ticket}&${ticket} HTTP/1.1`, bearer),
    head(`GET /socket?ticket=${'A'.repeat(43)} HTTP/1.1`, `Referer: https://shop.example/?${ticket}`),
    head(`POST /.gateway/ticket?${ticket} HTTP/1.1`, 'Content-Length: 0', bearer),
  ]
}

/** For the environment of {@link writeSessions}: `SESSION_KEY` and `CLIENT_SECRET`. */
export const SESSION_LOGIN = {
  issuer: 'main',
  publicUrl: 'https://shop.example',
  client: { id: 'web', secret: '${CLIENT_SECRET}' },
  keys: [{ id: 'k', secret: '${SESSION_KEY}' }],
  rateLimits: [],
}

/**
 * Requests with sessions of a gateway whose cookies have this key: good ones, some whose tokens nobody renews, broken ones; and
 * requests for the login's pages.
 */
export async function writeSessions(
  issuer: TestIssuer,
  key: string,
  secret: (name: string) => string,
  secrets: Secrets,
): Promise<string[]> {
  const sealer = createSealer([{ id: 'k', secret: key }])
  const seal = async (name: string, rest: Partial<Session> = {}) => {
    const now = Date.now()
    const tokens = { accessToken: await issuer.mint({ email: secret(`${name}Claim`) }), idToken: secret(`${name}Id`) }
    const times = { accessEndsAtMs: now + 600_000, startedAtMs: now, renewedAtMs: now }
    const session = { ...tokens, refreshToken: secret(`${name}Refresh`), ...times, ...rest }
    const sealed = await sealer.seal('session', session)
    secrets[`${name}Cookie`] = sealed.slice(-200)
    noteParts(secrets, name, tokens.accessToken)
    return `Cookie: a=${secret('otherCookie')}; __Host-scopegate-session=1.${sealed}`
  }
  const good = await seal('session')
  const ended = await seal('ended', { accessEndsAtMs: 1 })
  const callback = `/auth/callback?code=${secret('code')}&state=${secret('state')}&iss=${secret('iss')}`
  return [
    ...[good, ended, `${good}x`, good.slice(0, -20)].flatMap((cookie) => [
      headOf(`GET /session?${secret('sessionQuery')} HTTP/1.1`, cookie),
      headOf('POST /session HTTP/1.1', cookie, `Origin: https://${secret('origin')}`),
      headOf('GET /auth/me HTTP/1.1', cookie),
      headOf('POST /auth/logout HTTP/1.1', cookie, 'Sec-Fetch-Site: same-origin', 'Content-Length: 0'),
    ]),
    headOf(
      `GET ${callback} HTTP/1.1`,
      good,
      `Cookie: __Host-scopegate-login-1-${secret('loginName')}=${secret('login')}`,
    ),
    headOf(`GET /auth/login?return_to=/${secret('returnTo')} HTTP/1.1`, good),
    headOf(`GET /auth/login?return_to=//${secret('badReturnTo')} HTTP/1.1`),
  ]
}
