/** The section `routes` of the route-scope file. */
import { z } from 'zod'
import { readClaimPath } from './claim-path.ts'
import { claimPath, fieldName, name, oneOrMore } from './fields.ts'
import { bodySchema } from './schema-body.ts'
import { duration, size } from './units.ts'

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

const methodsSchema = z.union([z.literal('any'), oneOrMore(z.enum(methods))])

/** RFC 6749 section 3.3: a scope token has no space, quote or backslash. */
export const scopeToken = z
  .string()
  .regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/, 'expected one scope; for two or more say all: [..] or any: [..]')
const roleName = z.string().regex(/^\S(.*\S)?$/, 'expected a role, or client:role')
const claimValue = z.union([z.string(), z.number(), z.boolean()], 'expected a text, a number, true or false')

export const BARE_LIST = 'a list must say all or any'
const TOKEN_CLAIM = 'expected token.<claim>, such as token.sub'
export const EITHER = 'expected either all or any'

/** One value alone; two or more say `all` or `any`. */
function condition<T extends z.ZodType>(value: T) {
  type Value = z.output<T>
  const list = z.array(value).min(1)
  const quantified = z
    .strictObject({ all: list.optional(), any: list.optional() })
    .refine(({ all, any }) => (all === undefined) !== (any === undefined), EITHER)
    .transform(({ all, any }) => ({
      match: all ? ('all' as const) : ('any' as const),
      values: (all ?? any) as Value[],
    }))
    .meta({ minProperties: 1, maxProperties: 1 })
  return z.union([value.transform((single) => ({ match: 'all' as const, values: [single as Value] })), quantified], {
    error: ({ input }) => (Array.isArray(input) ? BARE_LIST : 'expected one value, or { all: [..] }, or { any: [..] }'),
  })
}

export const timeoutsSchema = z.strictObject({
  connect: duration({ minMs: 1 }).prefault('2s').describe('Time to connect (502 when refused, 504 when late)'),
  response: duration({ minMs: 1 })
    .prefault('30s')
    .describe('Time from the end of the request to the head of the response (504)'),
  idle: duration({ minMs: 1 }).prefault('60s').describe('Longest silence inside a body or stream'),
})

const routeTimeouts = z.strictObject({
  connect: duration({ minMs: 1 }).optional().describe('Time to connect'),
  response: duration({ minMs: 1 }).optional().describe('Time from the end of the request to the head of the response'),
  idle: duration({ minMs: 1 }).optional().describe('Longest silence inside a body or stream'),
})

function modeSchema() {
  return z.enum(['enforce', 'report']).prefault('enforce')
}

const allowLineSchema = z.strictObject({
  methods: methodsSchema
    .optional()
    .describe(
      "Methods of this line: a list, or `any` (GET, HEAD, POST, PUT, PATCH, DELETE); default: the route's. HEAD follows GET",
    ),
  scopes: condition(scopeToken)
    .optional()
    .describe('Scopes the token must have: one, or { all: [..] }, or { any: [..] }'),
  roles: condition(roleName).optional().describe('Roles the token must have; a client role is client:role'),
  claims: z.record(claimPath(), condition(claimValue)).optional().describe('Claims and the values they must have'),
  where: z
    .record(
      z.string().regex(/^path\.\w+$/, 'expected path.<parameter>: token.<claim>, in this order'),
      z
        .string()
        .regex(/^token\..+$/, TOKEN_CLAIM)
        .refine((text) => readClaimPath(text.slice('token.'.length)) !== undefined, TOKEN_CLAIM),
    )
    .optional()
    .describe('Ownership: a path parameter that must equal a claim, path.userId: token.sub'),
  token: z.literal('any').optional().describe('Any valid token will do; must be said'),
  because: z.string().min(1).max(500).optional().describe('Shown in the 403 when this line did not fit'),
})

const reportableLineSchema = allowLineSchema.extend({
  mode: modeSchema().describe('report: this line opens nothing yet; who it WOULD let through is logged'),
})

export const routeSchema = z.strictObject({
  path: z
    .string()
    .regex(/^\//, 'expected a path that starts with "/"')
    .describe('Literal segments, {parameter} for one segment, ** at the end for everything below'),
  to: z
    .union([
      name().transform((upstream) => ({ upstream })),
      z.strictObject({
        upstream: name().describe('Name of the upstream'),
        rewrite: z
          .string()
          .regex(/^\//, 'expected a path that starts with "/"')
          .optional()
          .describe('Path to send instead; {parameters} and a final ** are filled in'),
      }),
    ])
    .describe('The upstream, by name'),
  methods: methodsSchema
    .optional()
    .describe('Methods of a public route (default: any), and of allow lines that name none'),
  allow: z
    .array(reportableLineSchema)
    .min(1)
    .optional()
    .describe('Alternatives: one line that fits is enough; within a line all must hold'),
  public: z
    .string('expected the reason, such as: product pages are open')
    .min(1)
    .optional()
    .describe('No token is needed; the reason is the value'),
  candidate: z
    .array(allowLineSchema)
    .min(1)
    .optional()
    .describe('Lines that are to replace `allow`: evaluated beside it, and what would change is logged'),
  mode: modeSchema().describe('report: any valid token will do, and who WOULD be refused is logged'),
  until: z.iso
    .date({ error: 'expected a date, such as 2027-03-31' })
    .meta({ title: 'date' })
    .optional()
    .describe('Last day (UTC) of `mode: report` or `candidate`; after it they enforce'),
  issuer: oneOrMore(name()).optional().describe('Issuers whose tokens count here'),
  rateLimits: z.array(name()).optional().describe('Limits of this route, in place of the defaults'),
  cors: z
    .union([z.literal(false), name()])
    .optional()
    .describe('CORS policy of this route, or false'),
  identity: z
    .strictObject({
      headers: z.record(fieldName(), claimPath()).optional().describe('In place of the global identity fields'),
      authorization: z.enum(['strip', 'forward']).optional().describe('Whether the upstream gets the token itself'),
    })
    .optional()
    .describe('What the upstream learns about the caller'),
  timeouts: routeTimeouts.optional().describe("Override the upstream's"),
  limits: z
    .strictObject({ body: size().optional().describe('Largest request body') })
    .optional()
    .describe('Override the global limits'),
  session: z.boolean().prefault(false).describe("A browser's session of `login` will do in place of a token"),
  tokenFrom: z
    .array(z.enum(['ticket', 'subprotocol']))
    .min(1)
    .optional()
    .describe(
      'Where pages may put a token that cannot set Authorization: `ticket` (WebSocket, EventSource), `subprotocol` (WebSocket). Streams then end with their token',
    ),
  body: bodySchema.optional(),
  websocket: z.boolean().prefault(false).describe('Allow WebSocket upgrades, under the same authorisation'),
})

export type RouteFile = z.output<typeof routeSchema>
export type CandidateLineFile = z.output<typeof allowLineSchema>
