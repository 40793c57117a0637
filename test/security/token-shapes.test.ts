import { describe, expect, it } from 'vitest'
import type { RawAnswer } from '../support/raw-http.ts'
import { signText } from '../support/tokens.ts'
import { askWith, claims, expectInvalid, key, sign, target, useTokenTarget } from './token-target.ts'

useTokenTarget()

const header = (members = '') => `{"alg":"RS256","typ":"JWT","kid":${JSON.stringify(key.kid)}${members}}`
const signed = (head: string, body = JSON.stringify(claims())) => signText(head, body, key)

describe('crit and b64 (RFC 7515 section 4.1.11, RFC 7797)', () => {
  it.each([
    ...['["exp"]', '["alg"]', '["b64"]', '["b64","b64"]', '["x"]', '[""]', '[]', '[null]', '[["b64"]]', '{"b64":true}'],
    ...['"b64"', 'null', 'true', 'false', '0', '""'],
  ])('refuses crit %s, alone and with what it names', async (crit) => {
    for (const also of ['', ',"b64":true', ',"b64":false', ',"exp":9999999999', ',"x":1']) {
      expectInvalid(await askWith(await signed(header(`,"crit":${crit}${also}`))))
    }
  })

  it('refuses crit that stands twice or is spelt with escapes', async () => {
    expectInvalid(await askWith(await signed(header(',"crit":["b64"],"crit":["b64"],"b64":true'))))
    expectInvalid(await askWith(await signed(header(',"\\u0063rit":["exp"],"exp":1'))))
    expectInvalid(await askWith(await signed(header(',"\\u00624":1,"b\\u00364":false'))))
  })

  it.each(['true', 'false', 'null', '0', '"false"', '[]'])('refuses b64: %s', async (b64) => {
    expectInvalid(await askWith(await signed(header(`,"b64":${b64}`))))
  })

  it('refuses a payload that is not encoded, signed as it is', async () => {
    const body = Buffer.from(JSON.stringify(claims())).toString('base64url')
    const head = header(',"b64":false,"crit":["b64"]')
    const input = `${Buffer.from(head).toString('base64url')}.${body}`
    const signature = await crypto.subtle.sign(key.privateKey.algorithm.name, key.privateKey, Buffer.from(input))
    expectInvalid(await askWith(`${input}.${Buffer.from(signature).toString('base64url')}`))
  })

  it('takes the same names in other cases for members that mean nothing (RFC 7515 section 4)', async () => {
    expect((await askWith(await signed(header(',"Crit":["x"],"B64":false')))).status).toBe(200)
  })
})

/** The token with `change` done to one of its parts. */
function withPart(token: string, index: number, change: (part: string) => string): string {
  return token
    .split('.')
    .map((part, at) => (at === index ? change(part) : part))
    .join('.')
}

/** Refused with 401, or as a field that holds no token with 400; nothing went on. */
function expectRefused(answer: RawAnswer): void {
  expect([400, 401]).toContain(answer.status)
  expect(target.upstream.text()).toBe('')
}

const middle = (piece: string) => (part: string) => part.slice(0, 8) + piece + part.slice(8)
const CHANGES: readonly [string, (part: string) => string][] = [
  ['one "=" behind', (part) => `${part}=`],
  ['two "=" behind', (part) => `${part}==`],
  ['three "=" behind', (part) => `${part}===`],
  ['"%3D" behind', (part) => `${part}%3D`],
  ['"=" before', (part) => `=${part}`],
  ['"=" inside', middle('=')],
  ['"+" inside', middle('+')],
  ['"/" inside', middle('/')],
  ['"~" inside', middle('~')],
  ['a blank inside', middle(' ')],
  ['a tab inside', middle('\t')],
  ['a line break inside', middle('\r\n ')],
  ['a bare line feed inside', middle('\n')],
  ['a NUL inside', middle('\0')],
  ['a byte above ASCII inside', middle('\xe9')],
  ['a no-break space inside', middle('\xa0')],
  ['a soft hyphen in UTF-8 inside', middle('\xc2\xad')],
  ['a full-width letter in UTF-8 inside', middle('\xef\xbd\x81')],
  ['one character more', (part) => `${part}A`],
  ['one character less', (part) => part.slice(0, -1)],
  ['all of it twice', (part) => part + part],
  ['nothing', () => ''],
  ['the other alphabet', (part) => Buffer.from(part, 'base64url').toString('base64')],
  ['hexadecimal', (part) => Buffer.from(part, 'base64url').toString('hex')],
]

describe('padding and alphabet (RFC 7515 section 2, RFC 4648 section 5)', () => {
  const places = ['header', 'payload', 'signature'].flatMap((name, index) =>
    CHANGES.map(([what, change]) => [name, what, index, change] as const),
  )
  it.each(places)('refuses a token whose %s has %s', async (_name, _what, index, change) => {
    const good = await sign()
    const bad = withPart(good, index, change)
    // Some parts have none of the characters in which the alphabets differ.
    if (bad !== good) expectRefused(await askWith(bad))
  })

  it('refuses each other way to write the last character of a part', async () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    // So that each part has unused bits: two of them, and four.
    const good = await signed(
      `${header()} `.padEnd(Math.ceil((header().length + 1) / 3) * 3 + 1),
      `${JSON.stringify(claims())}`,
    )
    for (const index of [0, 1, 2]) {
      const part = good.split('.')[index] ?? ''
      const unused = [0, 0, 4, 2][part.length % 4] ?? 0
      const last = alphabet.indexOf(part.at(-1) as string)
      for (let bits = 1; bits < 2 ** unused; bits += 1) {
        expectInvalid(await askWith(withPart(good, index, (it) => it.slice(0, -1) + alphabet[last | bits])))
      }
    }
    expect((await askWith(good)).status).toBe(200)
  })
})

describe('sizes', () => {
  it.each(['A', 'AA', 'A.A', 'A.A.A', '.', '..', '...', 'A..', '..A', '.A.', '.'.repeat(5000), 'A.'.repeat(4000)])(
    'refuses a token as short, or as long, as %.20s',
    async (token) => expectRefused(await askWith(token)),
  )

  it('takes a token that fills all that the fields may have, and answers 431 to one byte more', async () => {
    const limit = 16 * 1024
    const empty = (await sign({ padding: '' })).length
    const token = await sign({ padding: 'x'.repeat(Math.floor(((limit - empty - 400) * 3) / 4)) })
    const ask = (pad: number) =>
      target.ask('GET /orders/1 HTTP/1.1', `Authorization: Bearer ${token}`, `X-Pad: ${'x'.repeat(pad)}`)
    const names = ['Host', 'Authorization', 'X-Pad', 'Connection'].join('').length + 4 * 4
    const values = target.host.length + 'Bearer '.length + token.length + 'close'.length
    const left = limit - names - values
    expect(left).toBeGreaterThan(0)
    expect((await ask(left)).status).toBe(200)
    expect((await ask(left + 1)).status).toBe(431)
  })

  it.each([0, 1, 255, 256, 257, 4000])('refuses a kid of %i characters that the issuer has not', async (length) => {
    expectInvalid(await askWith(await sign({}, { kid: 'k'.repeat(length) })))
  })

  it('finds one scope, or one role, among thousands', async () => {
    const many = (name: string) =>
      Array.from({ length: 2000 }, (_, index) => index.toString(36)).toSpliced(1000, 0, name)
    const scope = (name: string) => sign({ scope: many(name).join(' ') })
    const role = (name: string) => sign({ realm_access: { roles: many(name) } })
    for (const make of [scope, role]) {
      expect((await askWith(await make('admin'), '/admin/1')).status).toBe(200)
      target.upstream.clear()
      expect((await askWith(await make('Admin'), '/admin/1')).status).toBe(403)
      expect(target.upstream.text()).toBe('')
    }
  })
})
