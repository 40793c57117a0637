import { describe, expect, it } from 'vitest'
import { readFormField } from '../../../src/rate-limiting/form-field.ts'

const read = (body: string | Uint8Array, name = 'username') =>
  readFormField(typeof body === 'string' ? new TextEncoder().encode(body) : body, name)

describe('readFormField (application/x-www-form-urlencoded)', () => {
  it.each([
    ['username=alice', 'alice'],
    ['a=1&username=alice&b=2', 'alice'],
    ['username=Alice', 'alice'],
    ['username=+alice%20', 'alice'],
    ['username=al+ice', 'al ice'],
    ['username=%00alice%1f%01', 'alice'],
    ['username=%c2%a0alice%e3%80%80', 'alice'],
    ['username=%01+', ''],
    ['username=%41lice', 'alice'],
    ['user%6Eame=alice', 'alice'],
    ['username=%C3%84nne', 'änne'],
    ['username=Änne', 'änne'],
    ['username=a%00b', 'a\0b'],
    ['username=', ''],
    ['username', ''],
    ['username=a=b', 'a=b'],
    ['username=%zz', '%zz'],
    ['&&username=alice&&', 'alice'],
  ])('reads %s', (body, value) => {
    expect(read(body)).toBe(value)
  })

  it.each(['', 'user=alice', 'Username=alice', '?username=alice', '\uFEFFusername=alice', 'username[]=alice'])(
    'finds no such field in "%s"',
    (body) => {
      expect(read(body)).toBeUndefined()
    },
  )

  it.each(['username=alice&username=bob', 'username=alice&user%6eame=alice', 'username&username='])(
    'refuses %s: the upstream may read the other one',
    (body) => {
      expect(() => read(body)).toThrow(
        expect.objectContaining({ code: 'malformed_request', reason: 'form_field_twice' }),
      )
    },
  )

  it.each(['username=%61%25€', 'username=a%€', 'username=%61%€', 'username=%61%%e2%82%ac'])(
    'reads %s as every other spelling of the name: a stray "%%" spoils nothing behind it',
    (body) => {
      expect(read(body)).toBe('a%€')
    },
  )

  it('reads a character whose bytes came raw and escaped', () => {
    expect(
      read(Uint8Array.of(...new TextEncoder().encode('username='), 0xe2, ...new TextEncoder().encode('%82%ac'))),
    ).toBe('€')
  })

  it('reads bytes that are not UTF-8 without failing', () => {
    expect(read(Uint8Array.of(...new TextEncoder().encode('username='), 0xff))).toBe('\uFFFD')
  })
})
