/** Documents of services and of the gateway, for tests. */
import { validate } from '@hyperjump/json-schema/openapi-3-1'
import { stringify } from 'yaml'
import { createOpenApi } from '../../../../src/authoring/openapi/generate.ts'
import type { GatewayConfig } from '../../../../src/config/gateway-config.ts'
import { type ApiDocument, readDocument } from '../../../../src/config/openapi/read-document.ts'
import { formatProblem } from '../../../../src/config/problem.ts'
import { policy } from '../../../support/policy-file.ts'

/** Tests look into documents of any shape. */
export type Document = ReturnType<typeof JSON.parse>

export function serviceDocument(content: object, version = '3.1.0'): ApiDocument {
  const info = { title: 'Orders', version: '1' }
  const { document, problems } = readDocument(stringify({ openapi: version, info, ...content }), 'orders.yaml')
  if (document === undefined) throw new Error(problems.map(formatProblem).join('\n'))
  return document
}

export function generate(config: GatewayConfig, documents: Readonly<Record<string, ApiDocument>> = {}): Document {
  return createOpenApi(config, new Map(Object.entries(documents)), 'Shop')
}

/** By the schema of the specification's authors, schemas in it included: nothing, or where it is wrong. */
export async function faultsOf(document: Document): Promise<unknown> {
  const output = await validate('https://spec.openapis.org/oas/3.1/schema-base', document, 'BASIC')
  return output.valid ? undefined : output.errors
}

/** A route to the upstream `orders`, for anybody with a token. */
export function route(path: string, more: object = {}) {
  return { path, to: 'orders', allow: [{ methods: 'any', token: 'any' }], ...more }
}

/** The document of a gateway with these routes, before a service with these paths. */
export function documentOf(routes: readonly object[], paths: object, more: object = {}, version?: string): Document {
  return generate(policy({ routes }), { orders: serviceDocument({ paths, ...more }, version) })
}
