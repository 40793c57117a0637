import { describe, expect, it } from 'vitest'
import { policy } from '../../../support/policy-file.ts'
import { documentOf, faultsOf, generate, route, serviceDocument } from './documents.ts'

const any = [{ methods: 'any', token: 'any' }]

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

  it('come along in a chain of any length', () => {
    const chain = Array.from({ length: 20_000 }, (_, index) => [
      ...[`S${index}`, index === 19_999 ? {} : { items: { $ref: `#/components/schemas/S${index + 1}` } }],
    ])
    const document = documentOf(
      [route('/a')],
      { '/a': { get: { responses: responses('S0') } } },
      {
        components: { schemas: Object.fromEntries(chain) },
      },
    )
    expect(Object.keys(document.components.schemas)).toHaveLength(20_001)
  })

  it('have names that OpenAPI allows, and leave links to other operations behind', async () => {
    const schemas = { 'Page<Order>': { type: 'string' } }
    const links = { next: { operationId: 'elsewhere' } }
    const found = { description: 'x', links, ...schema('#/components/schemas/Page%3COrder%3E') }
    const document = documentOf(
      [route('/a')],
      { '/a': { get: { responses: { 200: found } } } },
      { components: { schemas } },
    )
    expect(Object.keys(document.components.schemas)).toEqual(['Problem', 'Page_Order_'])
    expect(JSON.stringify(document)).not.toContain('elsewhere')
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
