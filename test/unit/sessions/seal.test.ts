import fc from 'fast-check'
import { EncryptJWT, UnsecuredJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { createSealer, type Purpose } from '../../../src/sessions/seal.ts'
import { holds } from '../../support/cases.ts'

const key = (id: string) => ({ id, secret: Buffer.alloc(32, id).toString('base64') })
const ONE = createSealer([key('one')])
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

describe('a sealed text (RFC 7516: dir, A256GCM)', () => {
  it('opens to what was sealed', async () => {
    await holds(
      fc.asyncProperty(
        fc.jsonValue(),
        fc.constantFrom<Purpose>('session', 'login', 'renewal'),
        async (value, purpose) => {
          const json = JSON.parse(JSON.stringify(value))
          expect(await ONE.open(purpose, await ONE.seal(purpose, json))).toEqual(json)
        },
      ),
    )
  })

  it('shows nothing of it, and is another one each time', async () => {
    const sealed = await ONE.seal('session', { secret: 'hunter2-marked' })
    expect(Buffer.from(sealed).toString('latin1')).not.toContain('hunter2')
    expect(
      sealed
        .split('.')
        .map((part) => Buffer.from(part, 'base64url').toString('latin1'))
        .join(),
    ).not.toContain('hunter2')
    expect(await ONE.seal('session', { secret: 'hunter2-marked' })).not.toBe(sealed)
  })

  it('does not open with any one of its characters changed, left out or doubled', async () => {
    const sealed = await ONE.seal('session', { a: 1 })
    for (let at = 0; at < sealed.length; at += 1) {
      const [before, after] = [sealed.slice(0, at), sealed.slice(at + 1)]
      const other = ALPHABET[(ALPHABET.indexOf(sealed[at] as string) + 1) % ALPHABET.length]
      for (const changed of [before + other + after, before + after, before + sealed[at] + sealed[at] + after]) {
        expect(await ONE.open('session', changed), `${at}`).toBeUndefined()
      }
    }
  })

  it('does not open in another spelling of the same bytes', async () => {
    const sealed = await ONE.seal('session', { a: 1 })
    for (let at = 0; at < sealed.length; at += 1) {
      for (const other of ALPHABET) {
        if (other === sealed[at]) continue
        expect(await ONE.open('session', sealed.slice(0, at) + other + sealed.slice(at + 1))).toBeUndefined()
      }
    }
    for (const spelt of [`${sealed}=`, `${sealed} `, ` ${sealed}`, `${sealed}.`, `${sealed}\n`]) {
      expect(await ONE.open('session', spelt)).toBeUndefined()
    }
  })

  it.each<[Purpose, Purpose]>([
    ['session', 'login'],
    ['login', 'session'],
    ['renewal', 'session'],
  ])('for %s is none for %s', async (purpose, other) => {
    expect(await ONE.open(other, await ONE.seal(purpose, { a: 1 }))).toBeUndefined()
  })

  it('opens with any key of the list, and is sealed with the first', async () => {
    const old = await createSealer([key('old')]).seal('session', 'x')
    const rotated = createSealer([key('new'), key('old')])
    expect(await rotated.open('session', old)).toBe('x')
    const next = await rotated.seal('session', 'x')
    expect(await createSealer([key('old')]).open('session', next)).toBeUndefined()
    expect(await createSealer([key('new')]).open('session', next)).toBe('x')
    expect(await createSealer([{ ...key('new'), id: 'old' }]).open('session', old)).toBeUndefined()
  })

  it('says when its key is one of others, and not when it is broken or for something else', async () => {
    const sealed = await createSealer([key('other')]).seal('session', 'x')
    expect(ONE.isOfOtherKey('session', sealed)).toBe(true)
    expect(ONE.isOfOtherKey('login', sealed)).toBe(false)
    expect(createSealer([key('one'), key('other')]).isOfOtherKey('session', sealed)).toBe(false)
    const nameless = `${Buffer.from('{"typ":"scopegate-session"}').toString('base64url')}.a.b.c.d`
    for (const text of [await ONE.seal('session', 'x'), nameless, '', 'a.b.c.d.e', 'e30.b.c.d.e', 'bnVsbA.b.c.d.e']) {
      expect(ONE.isOfOtherKey('session', text)).toBe(false)
    }
  })

  it('is nothing that is encrypted in another way, or not at all', async () => {
    const secret = Buffer.alloc(32, 'one')
    const jwt = (alg: string, enc: string) =>
      new EncryptJWT({ a: 1 }).setProtectedHeader({ alg, enc, kid: 'one', typ: 'scopegate-session' }).encrypt(secret)
    expect(await ONE.open('session', await jwt('dir', 'A256GCM'))).toEqual({ a: 1 })
    expect(await ONE.open('session', await jwt('A256GCMKW', 'A256GCM'))).toBeUndefined()
    expect(await ONE.open('session', await jwt('dir', 'A128CBC-HS256'))).toBeUndefined()
    expect(await ONE.open('session', new UnsecuredJWT({ a: 1 }).encode())).toBeUndefined()
    for (const text of ['', '.', '....', 'a.b.c.d.e', '{}']) expect(await ONE.open('session', text)).toBeUndefined()
  })
})
