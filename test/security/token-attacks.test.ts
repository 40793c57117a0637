import { exportSPKI, importJWK } from 'jose'
import { describe, expect, it } from 'vitest'
import type { RawAnswer } from '../support/raw-http.ts'
import {
  decodeToken,
  encode,
  generateSigningKey,
  signHmac,
  signText,
  signToken,
  withBrokenSignature,
  withParts,
} from '../support/tokens.ts'
import { askWith, bait, claims, evilKey, expectInvalid, key, sign, target, useTokenTarget } from './token-target.ts'

useTokenTarget()

describe('algorithm confusion (RFC 8725 sections 2.1 and 3.1)', () => {
  it.each(['HS256', 'HS384', 'HS512'])(
    'CVE-2026-22817, CVE-2026-39999: refuses %s signed with the public key, in every form of it',
    async (alg) => {
      const spki = await exportSPKI((await importJWK(key.publicJwk, 'RS256', { extractable: true })) as CryptoKey)
      const der = Buffer.from(spki.replace(/-----[^-]+-----|\s/g, ''), 'base64')
      const secrets = [spki, spki.trim(), der, JSON.stringify(key.publicJwk), String(key.publicJwk.n), '', ' ']
      for (const secret of secrets) {
        const bytes = typeof secret === 'string' ? secret || '\0' : new Uint8Array(der)
        expectInvalid(await askWith(await signHmac({ alg, typ: 'JWT', kid: key.kid }, claims(), bytes)))
      }
    },
  )

  it.each(['none', 'None', 'NONE', 'nOnE', 'none ', '', 'RS256 ', 'rs256', 'RS256\u0000', 'HS256', 'dir', 'RSA-OAEP'])(
    'CVE-2026-22818: refuses alg %j with no signature, an old one, or any',
    async (alg) => {
      const header = encode(JSON.stringify({ alg, typ: 'JWT', kid: key.kid }))
      const good = await sign()
      expectInvalid(await askWith(withParts(good, { header })))
      expectInvalid(await askWith(withParts(good, { header, signature: encode('x') })))
      expectInvalid(await askWith(withParts(good, { header, signature: '' })).then(asInvalid))
      expectInvalid(await askWith(withParts(good, { header, signature: '' }).slice(0, -1)).then(asInvalid))
    },
  )

  it.each(['RS384', 'RS512', 'PS256'])('refuses %s, which the file does not name', async (alg) => {
    expectInvalid(await askWith(await signToken(claims(), await generateSigningKey(alg, { kid: key.kid }))))
  })

  it.each([5, null, true, ['RS256'], { name: 'RS256' }, undefined])('refuses alg %j', async (alg) => {
    const header = JSON.stringify({ alg, typ: 'JWT', kid: key.kid })
    expectInvalid(await askWith(await signText(header, JSON.stringify(claims()), key)))
  })
})

/** An empty last part is a malformed field rather than a bad token: either way it is refused. */
function asInvalid(answer: RawAnswer): RawAnswer {
  expect([400, 401]).toContain(answer.status)
  return answer
}

describe('keys that the token brings along (RFC 8725 section 3.10)', () => {
  it('ignores jwk, jku, x5u and x5c, and asks nobody for them', async () => {
    const { publicJwk } = evilKey
    for (const member of [
      { jwk: publicJwk },
      { jku: bait.url },
      { x5u: bait.url },
      { x5c: ['MIIB'] },
      { jku: bait.url, kid: undefined },
      { jku: bait.url, kid: bait.url },
      { jwk: publicJwk, kid: undefined },
    ]) {
      expectInvalid(await askWith(await signToken(claims(), evilKey, member)))
    }
    expect(bait.visits).toEqual([])
    const harmless = await sign({}, { jku: bait.url, x5u: bait.url, jwk: publicJwk })
    expect((await askWith(harmless)).status).toBe(200)
    expect(bait.visits).toEqual([])
  })

  it('asks no issuer that only the token names', async () => {
    const iss = bait.url.replace('/keys', '')
    expectInvalid(await askWith(await signToken(claims({ iss }), evilKey)))
    expect(bait.visits).toEqual([])
  })

  it.each([
    ['a path', '../../../../dev/null'],
    ['SQL', "x' UNION SELECT 'key"],
    ['a command', '|/usr/bin/id'],
    ['a member of the prototype', '__proto__'],
    ['a method of objects', 'constructor'],
    ['nothing', ''],
    ['a NUL', 'a\0b'],
    ['300 characters', 'k'.repeat(300)],
    ['a line break', 'a\r\nX-Admin: 1'],
  ])('refuses a kid that is %s', async (_, kid) => {
    const answer = await askWith(await signToken(claims(), evilKey, { kid }))
    expectInvalid(answer)
    // An overlong one is not even looked up.
    if (kid.length > 256) expect(JSON.parse(answer.body)).toMatchObject({ detail: 'The access token is malformed' })
  })

  it.each([5, null, true, ['a'], { a: 1 }])('refuses kid %j', async (kid) => {
    const header = JSON.stringify({ alg: 'RS256', typ: 'JWT', kid })
    expectInvalid(await askWith(await signText(header, JSON.stringify(claims()), key)))
  })

  it.each([
    ['crit', { crit: ['exp'], exp: 1 }],
    ['an empty crit', { crit: [] }],
    ['b64', { b64: false, crit: ['b64'] }],
    ['b64 without crit', { b64: true }],
    ['crit of a member that is not there', { crit: ['b64'] }],
  ])('refuses %s (RFC 7515 section 4.1.11, RFC 7797)', async (_, members) => {
    const header = JSON.stringify({ alg: 'RS256', typ: 'JWT', kid: key.kid, ...members })
    expectInvalid(await askWith(await signText(header, JSON.stringify(claims()), key)))
  })
})

describe('tampering', () => {
  it('refuses changed payloads, changed headers, and broken, cut or foreign signatures', async () => {
    const good = await sign({ sub: 'alice' })
    const { header, claims: body } = decodeToken(good)
    const [, , signature = ''] = (await sign({ sub: 'bob' })).split('.')
    for (const bad of [
      withParts(good, { payload: encode(JSON.stringify({ ...body, sub: 'root' })) }),
      withParts(good, { header: encode(JSON.stringify({ ...header, x: 1 })) }),
      withParts(good, { signature }),
      withBrokenSignature(good),
      good.slice(0, -4),
      `${good}AAAA`,
      withParts(good, { signature: encode(new Uint8Array(256)) }),
      withParts(good, { signature: encode(new Uint8Array(4096)) }),
      await signToken(claims(), evilKey),
    ]) {
      expectInvalid(await askWith(bad))
    }
  })

  it('GHSA-wcvh-g65p-v576, CVE-2026-35039: the cache of good tokens lets no other token through', async () => {
    const good = await sign({ sub: 'alice' })
    expect((await askWith(good)).status).toBe(200)
    expect((await askWith(good)).status).toBe(200)
    target.upstream.clear()
    const { claims: body } = decodeToken(good)
    for (const bad of [
      withParts(good, { payload: encode(JSON.stringify({ ...body, sub: 'root' })) }),
      withParts(good, { payload: encode(JSON.stringify({ ...body, exp: undefined })) }),
      withParts(good, { header: encode(JSON.stringify({ alg: 'none', kid: key.kid })) }),
      good.slice(1),
      `A${good}`,
      withBrokenSignature(good),
    ]) {
      expectInvalid(await askWith(bad))
      expectInvalid(await askWith(bad))
    }
    expect((await askWith(good)).status).toBe(200)
  })

  it.each([
    ['padding', (t: string) => `${t}=`],
    ['all the padding that base64 has', (t: string) => `${t}==`],
    ['plain base64 in the signature', (t: string) => t.replace(/[-_](?=[^.]*$)/, (it) => (it === '-' ? '+' : '/'))],
    ['padding of the payload', (t: string) => t.replace(/\.([^.]+)\./, '.$1=.')],
    ['plain base64', (t: string) => t.replace(/[-_]/, '+')],
    ['a slash', (t: string) => t.replace(/.$/, '/')],
    ['two parts', (t: string) => t.split('.').slice(0, 2).join('.')],
    ['four parts', (t: string) => `${t}.x`],
    ['five parts, as a JWE', (t: string) => `${t}.x.y`],
    ['an empty header', (t: string) => t.slice(t.indexOf('.'))],
    ['a tilde, as an SD-JWT', (t: string) => `${t}~`],
  ])('refuses a token with %s', async (_, change) => {
    expectInvalid(await askWith(change(await sign())))
  })

  it('refuses a signature whose unused bits are set (RFC 4648 section 3.5)', async () => {
    const good = await sign()
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const last = alphabet.indexOf(good.at(-1) as string)
    expectInvalid(await askWith(good.slice(0, -1) + alphabet[last + 1]))
  })

  it.each(['é', '\xa0', '"', '%41', '\\', '{"payload":""}'])('refuses a token with %j in it', async (text) => {
    expect([400, 401]).toContain((await askWith(`${await sign()}${text}`)).status)
    expect(target.upstream.text()).toBe('')
  })

  it('answers 431 to a token that is larger than all fields may be', async () => {
    expect((await askWith(await sign({ padding: 'x'.repeat(20_000) }))).status).toBe(431)
    expect((await askWith(await sign({ padding: 'x'.repeat(8_000) }))).status).toBe(200)
  })
})
