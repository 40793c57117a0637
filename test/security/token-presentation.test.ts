import { describe, expect, it } from 'vitest'
import { ask, askWith, sign, target, useTokenTarget } from './token-target.ts'

useTokenTarget()

describe('how a token is presented (RFC 6750 sections 2 and 3.1)', () => {
  it.each<[string, (token: string) => string, number]>([
    ['a lower-case scheme', (t) => `bearer ${t}`, 200],
    ['an upper-case scheme', (t) => `BEARER ${t}`, 200],
    ['two blanks', (t) => `Bearer  ${t}`, 200],
    ['a blank behind', (t) => `Bearer ${t} `, 200],
    ['a tab for the blank', (t) => `Bearer\t${t}`, 400],
    ['the scheme alone', () => 'Bearer', 400],
    ['the scheme and a blank', () => 'Bearer ', 400],
    ['no scheme', (t) => t, 400],
    ['no blank', (t) => `Bearer${t}`, 400],
    ['a colon', (t) => `Bearer: ${t}`, 400],
    ['a parameter', (t) => `Bearer token="${t}"`, 400],
    ['quotes', (t) => `Bearer "${t}"`, 400],
    ['the scheme twice', (t) => `Bearer Bearer ${t}`, 400],
    ['two in a list', (t) => `Bearer ${t}, Bearer ${t}`, 400],
    ['a comma behind', (t) => `Bearer ${t},`, 400],
    ['another scheme before', (t) => `Basic cm9vdDpyb290, Bearer ${t}`, 400],
    ['something behind', (t) => `Bearer ${t} x`, 400],
    ['Basic', () => 'Basic cm9vdDpyb290', 401],
    ['Digest', () => 'Digest username="root"', 401],
    ['DPoP', (t) => `DPoP ${t}`, 401],
    ['Token', (t) => `Token ${t}`, 401],
    ['nothing', () => '', 401],
  ])('answers to %s: as it should', async (_, present, status) => {
    const answer = await ask(present(await sign()))
    expect(answer.status).toBe(status)
    if (status === 400) expect(JSON.parse(answer.body)).toMatchObject({ code: 'invalid_request' })
    if (status === 401) expect(JSON.parse(answer.body)).toMatchObject({ code: 'missing_token' })
    expect(target.upstream.taken).toHaveLength(status === 200 ? 1 : 0)
  })

  it.each([
    ['the same token twice', (t: string) => [`Authorization: Bearer ${t}`, `Authorization: Bearer ${t}`]],
    ['a bad one behind a good one', (t: string) => [`Authorization: Bearer ${t}`, 'authorization: Bearer x']],
    ['a good one behind a bad one', (t: string) => ['AUTHORIZATION: Bearer x', `Authorization: Bearer ${t}`]],
    ['Basic beside Bearer', (t: string) => ['Authorization: Basic eA==', `Authorization: Bearer ${t}`]],
    ['an empty one beside Bearer', (t: string) => ['Authorization:', `Authorization: Bearer ${t}`]],
  ])('answers 400 to %s', async (_, fields) => {
    const answer = await target.ask('GET /orders/1 HTTP/1.1', ...fields(await sign()))
    expect(answer.status).toBe(400)
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'invalid_request' })
    expect(target.upstream.text()).toBe('')
  })

  it('takes no token from the query, a form, a cookie or another field', async () => {
    const token = await sign()
    for (const query of ['access_token', 'ACCESS_TOKEN', 'token', 'jwt', 'access%5Ftoken']) {
      expect((await target.ask(`GET /orders/1?${query}=${token} HTTP/1.1`)).status).toBe(401)
    }
    for (const field of [
      'Cookie: access_token=',
      'X-Access-Token: ',
      'X-Forwarded-Access-Token: ',
      'X_Authorization: Bearer ',
    ]) {
      expect((await target.ask('GET /orders/1 HTTP/1.1', field + token)).status).toBe(401)
    }
    const form = `access_token=${token}`
    const came = await target.send(
      `POST /orders/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${form.length}\r\n\r\n${form}`,
    )
    expect(came).toMatch(/^HTTP\/1\.1 401 /)
    expect(target.upstream.text()).toBe('')
  })

  it('CVE-2022-29226: a token that is known already lets no second one pass beside it', async () => {
    const token = await sign()
    expect((await askWith(token)).status).toBe(200)
    target.upstream.clear()
    for (const query of [`access_token=${token}`, 'access%5Ftoken=x', '%61ccess_token=']) {
      expect((await askWith(token, `/orders/1?${query}`)).status).toBe(400)
    }
    for (const second of [`Bearer ${token}`, 'Bearer x', 'Basic eA==', '']) {
      const fields = [`Authorization: Bearer ${token}`, `authorization: ${second}`]
      expect((await target.ask('GET /orders/1 HTTP/1.1', ...fields)).status).toBe(400)
    }
    expect(target.upstream.text()).toBe('')
    expect((await askWith(token)).status).toBe(200)
  })

  it.each(['access_token', 'access%5ftoken', '%61ccess_token'])(
    'answers 400 to a token in the field and one in the query as %s',
    async (name) => {
      const token = await sign()
      expect((await askWith(token, `/orders/1?${name}=${token}`)).status).toBe(400)
      expect((await askWith(token, `/orders/1?a=b&${name}=`)).status).toBe(400)
      expect(target.upstream.text()).toBe('')
    },
  )
})
