/** Bodies that a schema is set for: what reaches the upstream is what was checked, byte for byte. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectRaw } from '../support/raw-client.ts'
import { parseAnswer, request, sendRaw } from '../support/raw-http.ts'
import { waitFor } from '../support/wait-for.ts'
import { type BodyTarget, GOOD, JSON_TYPE, problem, startBodyTarget } from './body-target.ts'

const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`

describe.each(['lean', 'undici'])('a body that has a schema, sent on by the %s client', (client) => {
  let target: BodyTarget
  beforeAll(async () => {
    target = await startBodyTarget(client)
  })
  afterAll(() => target.close())

  it('passes on unchanged when it matches', async () => {
    const answer = await target.post(GOOD, JSON_TYPE)
    expect(answer.status).toBe(200)
    expect(target.upstream.received.at(-1)?.body).toBe(GOOD)
    expect(target.upstream.lastField('content-length')).toEqual([String(GOOD.length)])
    expect(target.upstream.lastField('transfer-encoding')).toEqual([])
  })

  it('passes on unchanged when it comes in chunks', async () => {
    const body = `${chunk(GOOD.slice(0, 7))}${chunk(GOOD.slice(7))}0\r\n\r\n`
    const answer = await request(
      target.gateway.url,
      ['POST /orders HTTP/1.1', target.token, JSON_TYPE, 'Transfer-Encoding: chunked'],
      body,
    )
    expect(answer.status).toBe(200)
    expect(target.upstream.received.at(-1)?.body).toBe(GOOD)
  })

  it('is refused with every mistake and none of the values sent', async () => {
    const before = target.upstream.received.length
    const answer = await target.post('{"item":"S3CRET!","quantity":99,"hid#den":"S3CRET!","note":"S3CRET!"}', JSON_TYPE)
    expect(answer.status).toBe(422)
    expect(answer.headers.get('content-type')).toEqual(['application/problem+json'])
    expect(problem(answer)).toMatchObject({
      type: 'urn:scopegate:problem:body_mismatch',
      code: 'body_mismatch',
      status: 422,
      requestId: expect.any(String),
    })
    expect(problem(answer).errors).toEqual([
      { pointer: '#/hid%23den', detail: 'is not allowed here' },
      { pointer: '#/item', detail: 'must match pattern "^[a-z]+$"' },
      { pointer: '#/quantity', detail: 'must be <= 10' },
      { pointer: '#/note', detail: 'must NOT have more than 5 characters' },
    ])
    expect(answer.text).not.toContain('S3CRET')
    expect(answer.text).not.toMatch(/schemas|order\.json|\$defs/)
    expect(target.upstream.received).toHaveLength(before)
    expect(await target.lineOf(answer)).toMatchObject({ status: 422, reason: 'body_mismatch' })
    expect(target.gateway.logText()).not.toContain('S3CRET')
  })

  it('is not asked for when it is announced as too large, nor read on when it turns out to be', async () => {
    const before = target.upstream.received.length
    const announced = await connectRaw(
      target.gateway.url,
      [
        'POST /orders HTTP/1.1',
        'Host: a',
        target.token,
        JSON_TYPE,
        'Content-Length: 2049',
        'Expect: 100-continue',
        '\r\n',
      ].join('\r\n'),
    )
    await announced.closed
    expect(announced.text()).toMatch(/^HTTP\/1\.1 413 /)
    const large = JSON.stringify({ item: 'tea', quantity: 2, pad: 'x'.repeat(3000) })
    const lines = ['POST /orders HTTP/1.1', target.token, JSON_TYPE, 'Transfer-Encoding: chunked']
    const answer = await request(target.gateway.url, lines, `${chunk(large)}0\r\n\r\n`)
    expect(answer.status).toBe(413)
    expect(target.upstream.received).toHaveLength(before)
  })

  it('is asked for only when the rest of the request is good', async () => {
    const head = (...fields: string[]) =>
      ['POST /orders HTTP/1.1', 'Host: a', target.token, ...fields, 'Expect: 100-continue', '\r\n'].join('\r\n')
    const length = `Content-Length: ${GOOD.length}`
    const refused = parseAnswer(await sendRaw(target.gateway.url, head('Content-Type: text/plain', length)))
    expect(refused.text).toMatch(/^HTTP\/1\.1 415 /)
    const socket = await connectRaw(target.gateway.url, head(JSON_TYPE, length, 'Connection: close'))
    await socket.until('HTTP/1.1 100 Continue')
    socket.socket.write(GOOD)
    expect(await socket.until('"body"')).toContain('HTTP/1.1 200')
    socket.socket.destroy()
  })

  it('answers requests that follow each other on a connection, each for itself', async () => {
    const one = (body: string, ...fields: string[]) =>
      [
        'POST /orders HTTP/1.1',
        'Host: a',
        target.token,
        JSON_TYPE,
        `Content-Length: ${body.length}`,
        ...fields,
        '',
        body,
      ].join('\r\n')
    const text = await sendRaw(target.gateway.url, one(GOOD) + one('{}') + one(GOOD) + one('[', 'Connection: close'))
    expect([...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status)).toEqual(['200', '422', '200', '400'])
  })

  it('must be there where the method has one', async () => {
    for (const fields of [[], ['Content-Length: 0'], [JSON_TYPE, 'Transfer-Encoding: chunked']]) {
      const body = fields.length === 2 ? '0\r\n\r\n' : ''
      const answer = await request(target.gateway.url, ['POST /orders HTTP/1.1', target.token, ...fields], body)
      expect(answer.status).toBe(400)
      expect(problem(answer)).toMatchObject({
        code: 'body_missing',
        detail: 'expected a body of application/json or application/order+json',
      })
    }
    expect((await request(target.gateway.url, ['GET /orders HTTP/1.1', target.token])).status).toBe(200)
    expect((await request(target.gateway.url, ['DELETE /orders HTTP/1.1', target.token])).status).toBe(200)
  })

  it('is checked whatever the method', async () => {
    const lines = ['DELETE /orders HTTP/1.1', target.token, JSON_TYPE, 'Content-Length: 2']
    expect((await request(target.gateway.url, lines, '{}')).status).toBe(422)
  })

  it('says nothing of the schema to a caller who may not send it', async () => {
    const bad = ['Content-Type: text/plain', 'Content-Length: 2']
    const poor = `Authorization: Bearer ${await target.issuer.mint({ scope: 'orders:read' })}`
    expect((await request(target.gateway.url, ['POST /orders HTTP/1.1', ...bad], '{}')).status).toBe(401)
    expect((await request(target.gateway.url, ['POST /orders HTTP/1.1', poor, ...bad], '{}')).status).toBe(403)
    expect((await request(target.gateway.url, ['PUT /orders HTTP/1.1', target.token, ...bad], '{}')).status).toBe(405)
    const sub = `Authorization: Bearer ${await target.issuer.mint({ sub: `tight-${client}` })}`
    const statuses: number[] = []
    for (let i = 0; i < 3; i += 1) {
      statuses.push(
        (await request(target.gateway.url, ['POST /tight HTTP/1.1', sub, JSON_TYPE, 'Content-Length: 2'], '{}')).status,
      )
    }
    expect(statuses).toEqual([422, 422, 429])
  })

  it('is nobody else’s business on a route without a schema', async () => {
    const lines = [
      'POST /free HTTP/1.1',
      target.token,
      'Content-Type: text/plain',
      'Content-Encoding: gzip',
      'Content-Length: 2',
    ]
    expect((await request(target.gateway.url, lines, '{"')).status).toBe(200)
  })

  it('reaches no upstream when its client leaves in the middle', async () => {
    const before = target.upstream.received.length
    const socket = await connectRaw(
      target.gateway.url,
      ['POST /orders HTTP/1.1', 'Host: a', target.token, JSON_TYPE, 'Content-Length: 20', '', '{"item":'].join('\r\n'),
    )
    socket.socket.destroy()
    await waitFor('the line of the log', () => target.gateway.logs().some(({ reason }) => reason === 'client_closed'))
    expect(target.upstream.received).toHaveLength(before)
  })
})
