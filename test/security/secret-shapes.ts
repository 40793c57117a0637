import type { TestIssuer } from '../support/test-issuer.ts'
import { generateSigningKey, withBrokenSignature } from '../support/tokens.ts'

/**
 * Requests in every shape, each with secrets where secrets are, and in places where they should not be.
 * @param secret a secret of this name
 * @param secrets gets the parts of the tokens
 */
export async function writeShapes(
  issuer: TestIssuer,
  secret: (name: string) => string,
  secrets: Record<string, string>,
): Promise<string[]> {
  const token = async (name: string, claims = {}, foreign = false) => {
    const key = foreign ? await generateSigningKey() : undefined
    const text = await issuer.mint({ email: secret(`${name}Claim`), ...claims }, { key })
    for (const [index, part] of text.split('.').slice(1).entries()) secrets[`${name}Part${index}`] = part.slice(0, 200)
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
  const head = (start: string, ...fields: string[]) =>
    `${[start, 'Host: shop.example', ...fields, ...common, 'Connection: close'].join('\r\n')}\r\n\r\n`
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
    head('GET /socket HTTP/1.1', 'Upgrade: websocket', `Sec-WebSocket-Protocol: ${secret('protocol')}`).replace(
      'Connection: close',
      'Connection: Upgrade, close\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ),
    `\x16\x03\x01${secret('tls')}`,
  ]
}
