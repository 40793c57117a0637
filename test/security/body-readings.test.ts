/** Bodies that an upstream may read in another way than the gateway: none of them gets there. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BodyTarget, GOOD, JSON_TYPE, problem, startBodyTarget } from './body-target.ts'

describe.each(['lean', 'undici'])('a body that has a schema, sent on by the %s client', (client) => {
  let target: BodyTarget
  beforeAll(async () => {
    target = await startBodyTarget(client)
  })
  afterAll(() => target.close())

  it.each([
    ['is no JSON', '{"item":"tea","quantity":2', 'body_syntax'],
    ['has a byte order mark', '\xef\xbb\xbf{"item":"tea","quantity":2}', 'body_syntax'],
    ['repeats a member name', '{"item":"tea","quantity":99,"quantity":2}', 'body_repeated_name'],
    ['repeats a member name behind an escape', '{"item":"tea","quantity":99,"qu\\u0061ntity":2}', 'body_repeated_name'],
    ['is nested without end', `${'['.repeat(65)}${']'.repeat(65)}`, 'body_depth'],
    ['is not UTF-8', '{"item":"t\xe9a","quantity":2}', 'body_utf8'],
    ['holds half a surrogate pair', '{"item":"tea","quantity":2,"note":"\\ud800"}', 'body_surrogate'],
  ])('is refused with 400 when it %s', async (_, body, reason) => {
    const before = target.upstream.received.length
    const answer = await target.post(body, JSON_TYPE)
    expect(answer.status).toBe(400)
    expect(problem(answer)).toMatchObject({ code: 'body_malformed', detail: expect.any(String) })
    expect(await target.lineOf(answer)).toMatchObject({ reason })
    expect(target.upstream.received).toHaveLength(before)
  })

  it.each([
    ['another type', ['Content-Type: text/plain'], 'body_type'],
    ['a type that only begins like one', ['Content-Type: application/json5'], 'body_type'],
    ['no type', [], 'body_type'],
    ['two types', [JSON_TYPE, 'Content-Type: application/xml'], 'body_type_twice'],
    ['two types in one field', ['Content-Type: application/json, text/xml'], 'body_type_malformed'],
    ['another charset', ['Content-Type: application/json; charset=utf-16'], 'body_charset'],
    ['a second charset', ['Content-Type: application/json; charset=utf-8; charset="utf-7"'], 'body_charset'],
    ['a coding', [JSON_TYPE, 'Content-Encoding: gzip'], 'body_coding'],
    ['a coding behind identity', [JSON_TYPE, 'Content-Encoding: identity', 'Content-Encoding: br'], 'body_coding'],
    ['a type that is nominated away', [JSON_TYPE, 'Connection: content-type, close'], 'body_type'],
  ])('is refused with 415 when it has %s', async (_, fields, reason) => {
    const before = target.upstream.received.length
    const answer = await target.post(GOOD, ...fields)
    expect(answer.status).toBe(415)
    expect(problem(answer)).toMatchObject({ code: 'unsupported_media_type' })
    expect(await target.lineOf(answer)).toMatchObject({ reason })
    expect(target.upstream.received).toHaveLength(before)
  })

  it('says which types and codings would be taken', async () => {
    const type = await target.post(GOOD, 'Content-Type: text/plain')
    expect(type.headers.get('accept')).toEqual(['application/json, application/order+json'])
    const coded = await target.post(GOOD, JSON_TYPE, 'Content-Encoding: gzip')
    expect(coded.headers.get('accept-encoding')).toEqual(['identity'])
  })

  it.each([
    'application/json; charset=UTF-8',
    'Application/JSON ;charset="utf-8"',
    'application/order+json',
    'application/json; profile="a;b"',
  ])('may be of type %s', async (type) => {
    expect((await target.post(GOOD, `Content-Type: ${type}`, 'Content-Encoding: identity')).status).toBe(200)
  })
})
