import { describe, expect, it } from 'vitest'
import { policy } from '../../../support/policy-file.ts'
import { type Document, faultsOf, generate, serviceDocument } from './documents.ts'

const any = [{ methods: 'any', token: 'any' }]
const readers = [{ methods: ['GET'], scopes: 'orders:read' }]
const ok = { 200: { description: 'Found' } }
const pathParameter = (name: string) => ({ name, in: 'path', required: true, schema: { type: 'integer' } })

const route = (path: string, more: object = {}) => ({ path, to: 'orders', allow: any, ...more })
const rewritten = (path: string, rewrite: string) => route(path, { to: { upstream: 'orders', rewrite } })

/** The document of a gateway with these routes, before a service with these paths. */
function documentOf(routes: readonly object[], paths: object, more: object = {}, version?: string): Document {
  return generate(policy({ routes }), { orders: serviceDocument({ paths, ...more }, version) })
}

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

describe('the components of a service', () => {
  const schema = (reference: string) => ({ content: { 'application/json': { schema: { $ref: reference } } } })
  const responses = (name: string) => ({ 200: { description: 'x', ...schema(`#/components/schemas/${name}`) } })

  it('come along as far as an operation leads to them, loops included', async () => {
    const schemas = {
      Order: {
        properties: { next: { $ref: '#/components/schemas/Order' }, of: { $ref: '#/components/schemas/User' } },
      },
      User: { type: 'object', properties: { default: { $ref: '#/components/schemas/Name' } } },
      Name: { type: 'string', example: { $ref: '#/components/schemas/Nowhere' } },
      Unused: { type: 'string' },
    }
    const document = documentOf(
      [route('/orders')],
      { '/orders': { get: { responses: responses('Order') } } },
      {
        components: { schemas },
      },
    )
    expect(Object.keys(document.components.schemas)).toEqual(['Problem', 'Order', 'User', 'Name'])
    expect(document.components.schemas.Order).toEqual(schemas.Order)
    expect(await faultsOf(document)).toBeUndefined()
  })

  it("get the upstream's name before theirs when the name is taken", async () => {
    const of = (kind: string) =>
      serviceDocument({
        paths: { '/x': { get: { responses: responses('Item') } }, '/y': { get: { responses: responses('Problem') } } },
        components: { schemas: { Item: { type: kind }, Problem: { $ref: '#/components/schemas/Item' } } },
      })
    const upstreams = { a: 'http://127.0.0.1:1', b: 'http://127.0.0.1:2' }
    const routes = ['a', 'b'].map((to) => ({ path: `/${to}/**`, to: { upstream: to, rewrite: '/**' }, allow: any }))
    const document = generate(policy({ upstreams, routes }), { a: of('string'), b: of('number') })
    const { schemas } = document.components
    expect(schemas.Problem.description).toMatch(/^A refusal/)
    expect(schemas).toMatchObject({ Item: { type: 'string' }, 'b.Item': { type: 'number' } })
    expect(schemas['a.Problem']).toEqual({ $ref: '#/components/schemas/Item' })
    expect(schemas['b.Problem']).toEqual({ $ref: '#/components/schemas/b.Item' })
    expect(document.paths['/b/y'].get.responses[200].content['application/json'].schema.$ref).toBe(
      '#/components/schemas/b.Problem',
    )
    expect(await faultsOf(document)).toBeUndefined()
  })

  it('follow the names of a discriminator', () => {
    const schemas = {
      Pet: {
        type: 'object',
        discriminator: { propertyName: 'k', mapping: { c: 'Cat', d: '#/components/schemas/Dog' } },
      },
      Cat: { type: 'object' },
      Dog: { type: 'object' },
    }
    const document = documentOf(
      [route('/pets')],
      { '/pets': { get: { responses: responses('Pet') } } },
      { components: { schemas } },
    )
    expect(Object.keys(document.components.schemas)).toEqual(['Problem', 'Pet', 'Cat', 'Dog'])
    expect(document.components.schemas.Pet.discriminator.mapping.c).toBe('#/components/schemas/Cat')
  })

  it('of OpenAPI 3.0 say it in the words of 3.1', async () => {
    const schemas = {
      A: {
        type: 'object',
        properties: {
          a: { type: 'string', nullable: true, enum: ['x'] },
          b: { type: 'number', minimum: 1, exclusiveMinimum: true, maximum: 5, exclusiveMaximum: false },
          nullable: { type: 'boolean' },
        },
      },
    }
    const paths = { '/a': { get: { responses: responses('A') } } }
    const document = documentOf([route('/a')], paths, { components: { schemas } }, '3.0.3')
    expect(document.components.schemas.A.properties).toEqual({
      a: { type: ['string', 'null'], enum: ['x', null] },
      b: { type: 'number', exclusiveMinimum: 1, maximum: 5 },
      nullable: { type: 'boolean' },
    })
    expect(await faultsOf(document)).toBeUndefined()
  })

  it('named after what objects inherit do no harm', () => {
    const text =
      '{"Order":{"properties":{"constructor":{"$ref":"#/components/schemas/__proto__"}}},"__proto__":{"polluted":true}}'
    const components = { schemas: JSON.parse(text) }
    const document = documentOf([route('/a')], { '/a': { get: { responses: responses('Order') } } }, { components })
    expect(Object.keys(document.components.schemas)).toEqual(['Problem', 'Order', '__proto__'])
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })
})
