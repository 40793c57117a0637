/** The section `tests` of the route-scope file. */
import { z } from 'zod'
import { fieldName, name, oneOrMore } from './fields.ts'

const status = z.int().min(100).max(599)

const expectationSchema = z.strictObject({
  status: status.describe('The status; 200 to 299: the request is let through'),
  missing: oneOrMore(z.string().min(1)).optional().describe('Scopes that the 403 asks for and the token lacks'),
  route: z.string().optional().describe('Path of the route that takes the request, as the file has it'),
  line: z
    .union([z.int().min(1), z.literal('public')], 'expected the number of an allow line, from 1, or public')
    .optional()
    .describe('Allow line that lets the request through, from 1, or `public`'),
  upstream: name().optional().describe('Upstream that gets the request'),
  path: z
    .string()
    .regex(/^\//, 'expected a path that starts with "/"')
    .optional()
    .describe('Path and query that the upstream gets'),
  fields: z
    .record(fieldName(), z.union([z.string(), z.null()], 'expected a text, or null for a field that is not there'))
    .optional()
    .describe('Identity fields that the upstream gets; null: it does not get this one'),
})

export const testSchema = z.strictObject({
  name: z.string().min(1).max(200).optional().describe('What the test shows'),
  request: z
    .string()
    .regex(
      /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE) \/\S*$/,
      'expected a method and a path, such as GET /orders/7',
    )
    .describe('Method and path'),
  token: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('Claims of the token; absent: no token. Issuer, audience and times are filled in where they are missing'),
  headers: z
    .record(fieldName(), z.string().regex(/^[\x20-\x7e]*$/, 'expected printable ASCII'))
    .optional()
    .describe('Other request fields, such as Origin'),
  body: z
    .unknown()
    .optional()
    .describe('Body, as JSON: for routes with `body`. Absent: it is taken to be what the route asks for'),
  client: z
    .union([z.ipv4(), z.ipv6()], 'expected an address')
    .prefault('127.0.0.1')
    .describe('Address that the request comes from'),
  expect: z
    .union([status.transform((value) => ({ status: value })), expectationSchema])
    .describe('The status, or a mapping with all that is expected'),
})

export type TestFile = z.output<typeof testSchema>
