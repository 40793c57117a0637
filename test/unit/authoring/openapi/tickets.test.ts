import { describe, expect, it } from 'vitest'
import { policy } from '../../../support/policy-file.ts'
import { type Document, documentOf, faultsOf, generate, route } from './documents.ts'

describe('tickets in the document', () => {
  const config = policy({
    issuers: {
      main: { issuer: 'https://id.example/realms/shop', audience: 'shop-api' },
      partner: { issuer: 'https://partner.example/', audience: 'shop-api' },
    },
    defaults: { issuer: 'main' },
    tickets: { life: '20s' },
    routes: [
      {
        path: '/events/{id}',
        to: 'orders',
        tokenFrom: ['ticket'],
        allow: [{ methods: ['GET', 'POST'], token: 'any' }],
      },
      { path: '/orders', to: 'orders', issuer: 'partner', allow: [{ methods: ['GET'], token: 'any' }] },
    ],
  })
  const document = generate(config)
  const names = (path: string, method: string) =>
    (document.paths[path][method].parameters ?? []).map(({ name, in: place }: Document) => `${place} ${name}`)

  it('are a parameter of GET where a route takes them, and nowhere else', () => {
    expect(names('/events/{id}', 'get')).toEqual(['path id', 'query ticket'])
    expect(names('/events/{id}', 'post')).toEqual(['path id'])
    expect(names('/orders', 'get')).toEqual([])
  })

  it('are got with a token of an issuer that counts there', () => {
    const { security, responses, description } = document.paths['/.gateway/ticket'].post
    expect(security).toEqual([{ main: [] }])
    expect(description).toBe('Needs a token with any valid token.')
    expect(responses[200].content['application/json'].schema.required).toEqual(['ticket', 'expires_in'])
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(['401', '429', '503']))
    expect(documentOf([route('/orders')], {}).paths).not.toHaveProperty('/.gateway/ticket')
  })

  it('fit OpenAPI', async () => {
    expect(await faultsOf(document)).toBeUndefined()
  })
})
