/** `body` of a route, as the commands know it. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { dispatch } from '../../../src/cli/dispatch.ts'
import { FILE, fileWith, folder, good, ORDER, run, SCHEMA } from './body-files.ts'
import { createTestIo } from './test-io.ts'

const test = (request: string, body: string, expected: number | string) =>
  `  - { request: ${request}, token: { scope: "orders:write" }${body === '' ? '' : `, body: ${body}`}, expect: ${expected} }\n`

describe('scopegate test: bodies', () => {
  it('puts the body of a test to the schema, and takes none for a good one', async () => {
    const tests = [
      test('POST /orders', '', 200),
      test('POST /orders', '{ item: tea, tags: [a, b] }', 200),
      test('POST /orders', '{ item: tea, tags: [{ a: 1, b: 2 }, { b: 2, a: 1 }] }', 422),
      test('POST /orders', '{}', 422),
      test('POST /orders', '{}', 200),
    ]
    const { code, out } = await run(
      fileWith('{ schema: schemas/order.json }', `tests:\n${tests.join('')}`),
      good,
      'test',
    )
    expect(out).toContain('4 of 5 tests are green')
    expect(out).toContain('expected status 200, got 422 (the body does not match: "#" must have the member "item")')
    expect(code).toBe(1)
  })

  it.each([
    ['a reference and a bound of OpenAPI 3.0', 'POST /orders', '{ item: tea, price: 19.99, note: null }', 200],
    ['what only answers hold', 'POST /orders', '{ item: tea, price: 0 }', 422],
    ['a text that is too long, behind a reference', 'POST /orders', '{ item: tea, price: 1, note: too long }', 422],
    ['an array, for the literal path wins', 'PUT /orders/import', '[1]', 200],
    ['no array there', 'PUT /orders/import', '{}', 422],
    ['JSON where only another type is described', 'PUT /orders/7', '"note"', 415],
    ['a body where none is described', 'GET /orders/7', '"note"', 415],
    ['a body where there is no operation', 'POST /orders/7/lines', '{}', 415],
  ])('finds the operation of the document: %s', async (_, request, body, expected) => {
    const { code, out, err } = await run(
      fileWith('{ schema: openapi }', `tests:\n${test(request, body, expected)}`),
      good,
      'test',
    )
    expect(out + err).toContain('1 of 1 tests are green')
    expect(code).toBe(0)
  })

  it('asks for a body only where the document does', async () => {
    const io = (request: string) =>
      run(
        fileWith('{ schema: openapi }'),
        good,
        'explain',
        request,
        '--claims',
        '{"scope":"orders:write"}',
        '--body',
        '',
      )
    expect((await io('POST /orders')).out).toContain('400 body_missing')
    expect((await io('PUT /orders/7')).out).toContain('goes to orders')
  })
})

describe('the commands that tell of a route', () => {
  const claims = ['--claims', '{"scope":"orders:write"}']

  it('explain what is wrong with a body, and what it would be put to', async () => {
    const refused = await run(FILE, good, 'explain', 'POST /orders', ...claims, '--body', '{"tags":1}')
    expect(refused.out).toContain('422 body_mismatch')
    expect(refused.out).toContain('the body does not match: "#" must have the member "item"; "#/tags" must be array')
    const passed = await run(FILE, good, 'explain', 'POST /orders', ...claims)
    expect(passed.out).toContain('a body would be put to schemas/order.json for application/json: give one with --body')
  })

  it('list it among the routes', async () => {
    expect((await run(FILE, good, 'routes')).out).toContain('orders as /v1/orders/**, bodies by schemas/order.json')
    const { routes } = JSON.parse((await run(FILE, good, 'routes', '--json')).out)
    expect(routes[0].body).toEqual({ schema: ORDER, maxBytes: 1024 ** 2, contentTypes: ['application/json'] })
  })

  it('say in a diff that it is gone, or that the schema is another one', async () => {
    writeFileSync(path.join(folder, 'old.yaml'), FILE)
    writeFileSync(path.join(folder, 'schemas/other.json'), '{}')
    writeFileSync(path.join(folder, 'new.yaml'), FILE.replace('order.json', 'other.json'))
    const io = createTestIo({ cwd: folder })
    await dispatch(io, ['diff', 'old.yaml', 'new.yaml'], '1')
    expect(io.out).toContain('schemas/order.json for application/json')
    writeFileSync(path.join(folder, 'new.yaml'), FILE.replace(/ {4}body: .*\n/, ''))
    const gone = createTestIo({ cwd: folder })
    expect(await dispatch(gone, ['diff', 'old.yaml', 'new.yaml'], '1')).toBe(1)
  })

  it('put the schema and the refusals into the OpenAPI document', async () => {
    const { out } = await run(FILE, { ...good, 'orders.yaml': 'openapi: 3.1.0\npaths: {}\n' }, 'openapi', '--json')
    const document = JSON.parse(out)
    const { post, get } = document.paths['/orders']
    expect(Object.keys(post.responses)).toEqual(expect.arrayContaining(['400', '413', '415', '422']))
    expect(Object.keys(get.responses)).not.toContain('422')
    expect(post.requestBody).toMatchObject({
      required: true,
      content: { 'application/json': { schema: { $ref: expect.any(String) } } },
    })
    const name = post.requestBody.content['application/json'].schema.$ref.split('/').at(-1)
    expect(document.components.schemas[name]).toMatchObject({ $id: expect.any(String), ...JSON.parse(SCHEMA) })
  })
})
