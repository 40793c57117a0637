/** A folder with a route-scope file, a schema and an OpenAPI document, for the commands. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll } from 'vitest'
import { runCommand } from './test-io.ts'

export const folder = mkdtempSync(path.join(tmpdir(), 'scopegate-bodies-'))
mkdirSync(path.join(folder, 'schemas'))
afterAll(() => rmSync(folder, { recursive: true }))

export const SCHEMA = `{
  "type": "object",
  "required": ["item"],
  "properties": {
    "item": { "type": "string" },
    "tags": { "$ref": "#/$defs/tags" }
  },
  "$defs": { "tags": { "type": "array", "uniqueItems": true } }
}
`
export const fileWith = (body: string, rest = '') => `version: 1
issuers: { main: { issuer: https://id.example, audience: shop-api } }
upstreams: { orders: { urls: [http://orders], openapi: orders.yaml } }
routes:
  - path: /orders/**
    to: { upstream: orders, rewrite: /v1/orders/** }
    body: ${body}
    allow: [{ methods: [GET, POST, PUT], scopes: orders:write }]
${rest}`
export const FILE = fileWith('{ schema: schemas/order.json }')

export const OPENAPI = `openapi: 3.0.3
info: { title: Orders, version: "1" }
servers: [{ url: /v1 }]
paths:
  /orders:
    post:
      requestBody:
        required: true
        content:
          application/json; charset=utf-8: { schema: { $ref: "#/components/schemas/Order" } }
          text/csv: { schema: { type: string } }
      responses: { "201": { description: made } }
  /orders/{id}:
    get: { responses: { "200": { description: one } } }
    put:
      requestBody: { $ref: "#/components/requestBodies/Note" }
      responses: { "200": { description: changed } }
  /orders/import:
    put:
      requestBody: { content: { application/*: { schema: { type: array } } } }
      responses: { "200": { description: in } }
components:
  requestBodies:
    Note: { content: { application/merge-patch+json: { schema: { $ref: "#/components/schemas/Note" } } } }
  schemas:
    Order:
      type: object
      required: [id, item, price]
      properties:
        id: { type: string, readOnly: true }
        item: { type: string, format: sku }
        price: { type: number, minimum: 0, exclusiveMinimum: true, multipleOf: 0.01 }
        note: { $ref: "#/components/schemas/Note" }
      discriminator: { propertyName: item }
    Note: { type: string, nullable: true, maxLength: 5 }
`

export async function run(text: string, files: Readonly<Record<string, string>>, ...args: string[]) {
  writeFileSync(path.join(folder, 'a.yaml'), text)
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content)
  return runCommand([args[0] as string, '-c', 'a.yaml', ...args.slice(1)], { cwd: folder })
}
export const ORDER = 'schemas/order.json'
export const good = { [ORDER]: SCHEMA, 'orders.yaml': OPENAPI }
