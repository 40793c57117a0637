/** What a service says of itself: scopes, another scheme, none, and what no route can be. */
export const DOCUMENT = `openapi: 3.1.0
info: { title: Orders, version: "1" }
security:
  - login: [orders:read]
paths:
  /orders:
    get: { responses: { 200: { description: All } } }
    post:
      security: [{ login: [orders:write, profile] }, { login: [orders:all] }]
      responses: { 201: { description: Made } }
  /orders/{order-id}/items.json:
    get: { security: [{ key: [] }], responses: { 200: { description: Items } } }
  /orders/{order-id}/{name}.pdf:
    get: { responses: { 200: { description: A file } } }
  /health:
    get: { security: [], responses: { 200: { description: Good } } }
    head: { responses: { 200: { description: Good } } }
    put: { responses: { 200: { description: Set } } }
    options: { responses: { 200: { description: Options } } }
components:
  securitySchemes:
    login: { type: openIdConnect, openIdConnectUrl: "https://id.example/.well-known/openid-configuration" }
    key: { type: apiKey, in: header, name: X-Key }
`
