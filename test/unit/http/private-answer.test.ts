import { describe, expect, it } from 'vitest'
import { addSessionFields } from '../../../src/http/private-answer.ts'

const PRIVATE = ['Cache-Control', 'private']

function fieldsOf(headers: readonly string[], session: readonly string[] = PRIVATE): string[] {
  const all = [...headers]
  addSessionFields(all, session)
  return all
}

describe('an answer to a session', () => {
  it.each([
    ['CDN-Cache-Control', 'max-age=600'],
    ['cloudflare-cdn-cache-control', 'max-age=600'],
    ['Example-Cache-Control', 'max-age=600'],
    ['Surrogate-Control', 'max-age=600'],
    ['Edge-Control', '!no-store, max-age=600'],
    ['X-Accel-Expires', '600'],
  ])('has nothing for some caches alone: %s (RFC 9213)', (name, value) => {
    expect(fieldsOf(['ETag', '"1"', name, value, 'Age', '1'])).toEqual(['ETag', '"1"', 'Age', '1', ...PRIVATE])
  })

  it.each([
    [['public, max-age=600'], 'max-age=600, private'],
    [['Public,s-maxage=9 , S-MaxAge = 9,max-age=60'], 'max-age=60, private'],
    [['no-store'], 'no-store, private'],
    [['private', 'max-age=60'], 'private, max-age=60'],
    [['private="a, b", no-cache="a, public"'], 'private="a, b", no-cache="a, public", private'],
    [[', ,'], 'private'],
  ])('has one line for all caches, which keeps shared ones out: %j (RFC 9111)', (values, one) => {
    const lines = values.flatMap((value) => ['cache-control', value])
    expect(fieldsOf([...lines, 'Vary', 'Accept'])).toEqual(['Vary', 'Accept', 'Cache-Control', one])
  })

  it('keeps the fields that come more than once, in their order', () => {
    const cookies = ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']
    expect(fieldsOf(cookies, [...PRIVATE, 'Set-Cookie', 'c=3'])).toEqual([...cookies, 'Set-Cookie', 'c=3', ...PRIVATE])
  })
})
