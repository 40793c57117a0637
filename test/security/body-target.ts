/** A gateway that checks bodies, before an upstream that says what it got. */
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { type RawAnswer, request } from '../support/raw-http.ts'
import { createTestIssuer, type TestIssuer } from '../support/test-issuer.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'
import { waitFor } from '../support/wait-for.ts'

const SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['item', 'quantity'],
  additionalProperties: false,
  properties: {
    item: { type: 'string', pattern: '^[a-z]+$', maxLength: 20 },
    quantity: { type: 'integer', minimum: 1, maximum: 10 },
    note: { $ref: '#/$defs/note' },
  },
  $defs: { note: { type: ['string', 'null'], maxLength: 5 } },
}
/** A body that matches, and that nobody would write again in the same way. */
export const GOOD = '{ "item": "tea",\n  "quantity": 2 }'
export const JSON_TYPE = 'Content-Type: application/json'

export interface BodyTarget {
  readonly gateway: TestGateway
  readonly issuer: TestIssuer
  readonly upstream: TestUpstream
  /** An Authorization line that the routes let through. */
  readonly token: string
  /** To `/orders`, with its length. */
  post(body: string, ...fields: readonly string[]): Promise<RawAnswer>
  /** The line of the log about a refusal. */
  lineOf(answer: RawAnswer): Promise<Readonly<Record<string, unknown>>>
  close(): Promise<void>
}

export const problem = ({ body }: RawAnswer) => JSON.parse(body) as Record<string, unknown>

export async function startBodyTarget(upstreamClient: string): Promise<BodyTarget> {
  const issuer = await createTestIssuer()
  const upstream = await startUpstream()
  const token = `Authorization: Bearer ${await issuer.mint({ scope: 'orders:write' })}`
  const gateway = await startGateway(
    {
      upstreamClient,
      issuers: { main: { issuer: issuer.issuer, audience: 'shop-api' } },
      upstreams: { orders: upstream.url },
      rateLimits: { tight: { limit: 2, window: '1h', key: 'token.sub' } },
      routes: [
        {
          path: '/orders',
          to: 'orders',
          body: {
            schema: 'schemas/order.json',
            maxSize: '2KiB',
            contentTypes: ['application/json', 'application/order+json'],
          },
          allow: [{ methods: ['GET', 'POST', 'DELETE'], scopes: 'orders:write' }],
        },
        {
          path: '/tight',
          to: 'orders',
          body: { schema: 'schemas/order.json' },
          rateLimits: ['tight'],
          allow: [{ methods: 'any', token: 'any' }],
        },
        { path: '/free', to: 'orders', allow: [{ methods: 'any', token: 'any' }] },
      ],
    },
    {},
    { files: { 'schemas/order.json': JSON.stringify(SCHEMA) } },
  )
  return {
    ...{ gateway, issuer, upstream, token },
    post: (body, ...fields) =>
      request(
        gateway.url,
        ['POST /orders HTTP/1.1', token, `Content-Length: ${Buffer.byteLength(body, 'latin1')}`, ...fields],
        body,
      ),
    lineOf: (answer) => {
      const { requestId } = problem(answer)
      return waitFor('the line of the log', () => gateway.logs().find((line) => line.requestId === requestId))
    },
    async close() {
      await gateway.close()
      await upstream.close()
      await issuer.close()
    },
  }
}
