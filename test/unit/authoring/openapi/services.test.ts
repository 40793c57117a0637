import { describe, expect, it } from 'vitest'
import { type Document, documentOf, route } from './documents.ts'

const readers = [{ methods: ['GET'], scopes: 'orders:read' }]
const ok = { 200: { description: 'Found' } }
const pathParameter = (name: string) => ({ name, in: 'path', required: true, schema: { type: 'integer' } })

const rewritten = (path: string, rewrite: string) => route(path, { to: { upstream: 'orders', rewrite } })

function pathsOf(routes: readonly object[], paths: object, more: object = {}): string[] {
  return Object.keys(documentOf(routes, paths, more).paths)
}

const get = { get: { responses: ok } }

describe('the paths of a service behind routes', () => {
  it('are shown below a ** route, in place of {rest}', () => {
    const paths = { '/orders': get, '/orders/{id}': get, '/other': get }
    expect(pathsOf([route('/orders/**')], paths)).toEqual(['/orders', '/orders/{id}'])
    expect(pathsOf([route('/more/**')], paths)).toEqual(['/more', '/more/{rest}'])
  })

  it('are those that a client sends: a rewrite is taken back', () => {
    const paths = { '/internal/{user}/orders/{id}': get, '/internal/{user}/orders': get }
    const routes = [rewritten('/users/{userId}/orders/**', '/internal/{userId}/orders/**')]
    expect(pathsOf(routes, paths)).toEqual(['/users/{userId}/orders', '/users/{userId}/orders/{id}'])
    const short = [rewritten('/shop/{userId}/orders/{orderId}', '/internal/{userId}/orders/{orderId}')]
    const { parameters } = documentOf(short, paths).paths['/shop/{userId}/orders/{orderId}'].get
    expect(parameters.map(({ name }: Document) => name)).toEqual(['userId', 'orderId'])
  })

  it("carry the service's parameters over, by the names of the gateway's path", () => {
    const item = { parameters: [pathParameter('user')], get: { responses: ok, parameters: [pathParameter('id')] } }
    const paths = { '/internal/{user}/orders/{id}': item }
    const routes = [rewritten('/users/{id}/orders/**', '/internal/{id}/orders/**')]
    const document = documentOf(routes, paths)
    expect(Object.keys(document.paths)).toEqual(['/users/{id}/orders/{id2}'])
    expect(document.paths['/users/{id}/orders/{id2}'].get.parameters).toEqual([
      pathParameter('id'),
      pathParameter('id2'),
    ])
  })

  it('never name two parameters alike', () => {
    expect(pathsOf([route('/orders/{id}/**')], { '/orders/{no}/{id}/{id2}': get })).toEqual([
      '/orders/{id}/{id2}/{id22}',
    ])
  })

  it('have no parameter that the gateway fills in', () => {
    const paths = { '/tenants/{tenant}/orders': { get: { responses: ok, parameters: [pathParameter('tenant')] } } }
    const document = documentOf([rewritten('/orders', '/tenants/t1/orders')], paths)
    expect(document.paths['/orders'].get).not.toHaveProperty('parameters')
  })

  it('belong to the route that takes the request', () => {
    const routes = [route('/orders/{id}'), route('/orders/export', { allow: readers })]
    const paths = { '/orders/{orderId}': get, '/orders/export': get, '/orders/import': get }
    const document = documentOf(routes, paths)
    expect(document.paths['/orders/export'].get.security).toEqual([{ main: ['orders:read'] }])
    expect(document.paths['/orders/import'].get.security).toEqual([{ main: [] }])
    expect(Object.keys(document.paths).sort()).toEqual(['/orders/export', '/orders/import', '/orders/{id}'])
  })

  it('begin with the path of the server', () => {
    const servers = [{ url: 'http://orders:8080/{version}', variables: { version: { default: 'v1' } } }]
    expect(pathsOf([rewritten('/shop/**', '/v1/**')], { '/orders': get }, { servers })).toEqual(['/shop/orders'])
  })

  it('stand once, though the service names their parameters in two ways', () => {
    const paths = { '/orders/{id}': get, '/orders/{no}': { put: { responses: ok, parameters: [pathParameter('no')] } } }
    const document = documentOf([route('/orders/**')], paths)
    expect(Object.keys(document.paths)).toEqual(['/orders/{id}'])
    expect(document.paths['/orders/{id}'].put.parameters).toEqual([pathParameter('id')])
  })

  it('keep a slash at the end, where the gateway passes it on', () => {
    const paths = { '/orders/': get, '/orders/{id}/': get }
    expect(pathsOf([route('/orders/**')], paths)).toEqual(['/orders/', '/orders/{id}/'])
    expect(pathsOf([route('/orders', { allow: readers })], paths)).toEqual(['/orders/'])
    expect(pathsOf([rewritten('/all/**', '/orders/**')], paths)).toEqual(['/all/', '/all/{id}/'])
    expect(pathsOf([{ ...rewritten('/all', '/orders'), allow: readers }], paths)).toEqual(['/all'])
  })

  it('are none that a request cannot have', () => {
    expect(pathsOf([route('/orders/**')], { '/orders/x?y=1': get, '/orders//x': get, '/orders/a/../b': get })).toEqual([
      ...['/orders', '/orders/{rest}'],
    ])
  })

  it('are left out with methods that no line opens', () => {
    const document = documentOf([route('/orders/**', { allow: readers })], {
      '/orders': { ...get, put: { responses: ok } },
    })
    expect(Object.keys(document.paths['/orders'])).toEqual(['get'])
  })
})

describe('an operation of a service', () => {
  const operation = {
    ...{ operationId: 'list', summary: 'All', description: 'All orders.', tags: ['orders'], deprecated: true },
    security: [{ apiKey: [] }],
    servers: [{ url: 'http://orders.internal' }],
    callbacks: { done: { '{$request.body#/url}': get } },
    'x-internal': 'secret',
    parameters: [
      { name: 'page', in: 'query', schema: { type: 'integer' } },
      { name: 'x-user-id', in: 'header', schema: { type: 'string' } },
      { name: 'Authorization', in: 'header', schema: { type: 'string' } },
      { name: 'X-Trace', in: 'header', schema: { type: 'string' } },
    ],
    responses: { 200: { description: 'Orders', headers: { 'X-Total': { schema: { type: 'integer' } } } } },
  }
  const securitySchemes = { apiKey: { type: 'apiKey', in: 'header', name: 'X-Key' } }
  const document = documentOf(
    [route('/orders', { allow: readers })],
    { '/orders': { get: operation } },
    {
      ...{ components: { securitySchemes }, servers: [{ url: 'http://orders.internal' }] },
    },
  )
  const merged = document.paths['/orders'].get

  it('keeps what it says of itself', () => {
    expect(merged).toMatchObject({ operationId: 'list', summary: 'All', tags: ['orders'], deprecated: true })
    expect(merged.description).toBe('All orders.\n\nNeeds a token with scope orders:read.')
    expect(merged.responses[200]).toMatchObject({ description: 'Orders', headers: { 'X-Total': expect.anything() } })
    expect(merged.responses[200].headers).toHaveProperty('X-Request-Id')
  })

  it("has the gateway's security and servers, and nothing internal of its own", () => {
    expect(merged.security).toEqual([{ main: ['orders:read'] }])
    expect(Object.keys(document.components.securitySchemes)).toEqual(['main'])
    expect(JSON.stringify(document)).not.toMatch(/orders\.internal|x-internal|apiKey|callbacks/)
  })

  it('has no parameter that the gateway reads or sets itself', () => {
    expect(merged.parameters.map(({ name }: Document) => name)).toEqual(['page', 'X-Trace'])
  })

  it('answers with a status that the gateway has as well: either of both', () => {
    const own = { description: 'Not yours.', content: { 'application/problem+json': { schema: { type: 'object' } } } }
    const paths = { '/orders': { get: { responses: { ...ok, 403: own } } } }
    const response = documentOf([route('/orders')], paths).paths['/orders'].get.responses[403]
    expect(response.description).toMatch(/^Not yours\. From the gateway: `insufficient_scope`/)
    expect(response.content['application/problem+json'].schema.anyOf).toHaveLength(2)
    expect(response.headers).toHaveProperty('WWW-Authenticate')
  })

  it('has an identifier of its own where two would be the same', () => {
    const paths = {
      '/a': { get: { responses: ok, operationId: 'x' } },
      '/b': { get: { responses: ok, operationId: 'x' } },
    }
    const merged = documentOf([route('/**')], paths)
    expect(Object.values<Document>(merged.paths).map((it) => it.get.operationId)).toEqual(['x', 'orders.x'])
  })
})
