/** The answers of the gateway, against what the document says of them. */
import { registerSchema, unregisterSchema, validate } from '@hyperjump/json-schema/openapi-3-1'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ERRORS, type ErrorCode, GatewayError } from '../../../../src/errors.ts'
import { toProblem } from '../../../../src/http/problem.ts'
import { policy } from '../../../support/policy-file.ts'
import { generate } from './documents.ts'

const document = generate(
  policy({ routes: [{ path: '/', to: 'orders', allow: [{ methods: ['POST'], scopes: 'a' }] }] }),
)
const { responses, schemas } = document.components
const uri = 'https://scopegate.example/problems'

const byStatus = new Map<number, object>()
for (const response of Object.values<(typeof responses)[string]>(responses)) {
  const { schema } = response.content['application/problem+json']
  byStatus.set(schema.allOf[1].properties.status.const, schema)
}
const codes = Object.keys(ERRORS).filter((code) => byStatus.has(ERRORS[code as ErrorCode].status)) as ErrorCode[]

/** References lead to where the schemas stand in what is registered. */
function standalone(schema: object): string {
  return JSON.stringify({ ...schema, $defs: schemas }).replaceAll('#/components/schemas/', '#/$defs/')
}

beforeAll(() => {
  for (const [status, schema] of byStatus) {
    registerSchema(
      { $schema: 'https://json-schema.org/draft/2020-12/schema', ...JSON.parse(standalone(schema)) },
      `${uri}/${status}`,
    )
  }
})
afterAll(() => {
  for (const status of byStatus.keys()) unregisterSchema(`${uri}/${status}`)
})

const errors = [{ pointer: '#/a', detail: 'must be integer' }]
const details = {
  errors,
  detail: 'so',
  scope: 'a b',
  because: ['so'],
  violatedPolicies: ['per-user'],
  retryAfterSeconds: 3,
}

describe('the problem documents in the OpenAPI document', () => {
  it('are there for the statuses of a known path and method', () => {
    expect([...byStatus.keys()]).toEqual([400, 401, 413, 415, 422, 429, 502, 503, 504, 403].toSorted((a, b) => a - b))
  })

  it('are 415, too, where a limit counts a field of a form', () => {
    const rateLimits = { names: { limit: 1, window: '1m', key: 'form.username', when: 'before-auth' } }
    const login = { path: '/login', to: 'orders', methods: ['GET', 'POST'], public: 'a', rateLimits: ['names'] }
    const other = { path: '/other', to: 'orders', methods: ['POST'], public: 'a' }
    const { paths } = generate(policy({ rateLimits, routes: [login, other] }))
    expect(Object.keys(paths['/login'].post.responses)).toContain('415')
    expect(Object.keys(paths['/login'].post.responses)).not.toContain('422')
    expect(Object.keys(paths['/login'].get.responses)).not.toContain('415')
    expect(Object.keys(paths['/other'].post.responses)).not.toContain('415')
  })

  it.each(codes)('are what the gateway answers: %s', async (code) => {
    const { status, body, headers } = toProblem(new GatewayError(code, 'token_expired', details), 'r1')
    const problem = JSON.parse(body)
    expect((await validate(`${uri}/${status}`, problem)).valid).toBe(true)
    expect(Object.keys(schemas.Problem.properties)).toEqual(expect.arrayContaining(Object.keys(problem)))
    expect((await validate(`${uri}/${status}`, { ...problem, code: 'other' })).valid).toBe(false)
    const { requestId: _, ...anonymous } = problem
    expect((await validate(`${uri}/${status}`, anonymous)).valid).toBe(false)
    expect(headers).toContain('application/problem+json')
  })
})
