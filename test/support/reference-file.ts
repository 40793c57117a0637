/** A route-scope file with an API reference page, and with things that the page must not tell. */

/** What stands in the file or beside it, and in no answer of the page. */
export const PRIVATE_WORDS = [
  'secret-upstream.internal',
  'admin-password-1',
  'auditors know why',
  'secret-role',
  'secret-client:',
  'secret-tenant',
  'a comment of the authors',
  'private/orders.openapi.yaml',
  'x-internal',
  'secret-field',
  'hidden-route',
  'hidden:scope',
  'hidden operation',
  'not routed',
]

const SERVICE_DOCUMENT = `# a comment of the authors
openapi: 3.1.0
info: { title: Orders, version: 1.0.0, x-internal: yes }
servers: [{ url: "http://secret-upstream.internal" }]
x-internal: { owner: secret-field }
paths:
  /orders:
    get:
      summary: All orders
      x-internal: secret-field
      security: [{ service: [] }]
      responses: { "200": { description: Orders } }
  /hidden-route: { get: { summary: hidden operation, responses: { "200": { description: x } } } }
  /other: { get: { summary: not routed, responses: { "200": { description: x } } } }
components: { securitySchemes: { service: { type: apiKey, in: header, name: secret-field } } }
`

export function referenceFile(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    issuers: { main: { issuer: 'https://id.example.com/realms/shop', audience: 'shop-api' } },
    upstreams: {
      orders: { urls: ['http://secret-upstream.internal'], openapi: 'private/orders.openapi.yaml' },
      far: { urls: ['http://secret-upstream.internal:81'], openapi: 'http://secret-upstream.internal/openapi.json' },
    },
    admin: { port: 0, password: 'admin-password-1' },
    routes: [
      {
        path: '/orders',
        to: 'orders',
        allow: [
          { methods: ['GET'], scopes: 'orders:read' },
          {
            methods: ['GET'],
            roles: { any: ['secret-role', 'secret-client:manager'] },
            claims: { tenant: 'secret-tenant' },
            because: 'support needs a step-up login',
          },
        ],
      },
      { path: '/hidden-route', to: 'orders', allow: [{ methods: ['GET'], scopes: 'hidden:scope' }] },
      { path: '/far', to: 'far', methods: ['GET'], public: 'auditors know why' },
    ],
    docs: { title: 'Shop <b> $&', clientId: 'shop-docs', scopes: ['orders:read'], leaveOut: ['/hidden-route'] },
    ...changes,
  }
}

export const REFERENCE_FILES = { 'private/orders.openapi.yaml': SERVICE_DOCUMENT }
