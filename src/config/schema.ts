/**
 * The route-scope file: fields, defaults, units and descriptions, written once. Types, the JSON Schema for editors and
 * the reference page come from here. What one field alone cannot show (references, conflicts) is checked in `resolve.ts`.
 */
import { z } from 'zod'
import {
  claimPath,
  documentAddress,
  fieldName,
  hostName,
  httpOrigin,
  httpUrl,
  name,
  oneOrMore,
  secret,
} from './fields.ts'
import { acceptSchema } from './schema-accept.ts'
import { adminSchema } from './schema-admin.ts'
import { docsSchema } from './schema-docs.ts'
import { decisionsSchema, logSchema } from './schema-log.ts'
import { loginSchema } from './schema-login.ts'
import { routeSchema, timeoutsSchema } from './schema-routes.ts'
import { testSchema } from './schema-tests.ts'
import { ticketsSchema } from './schema-tickets.ts'
import { duration, size } from './units.ts'

const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const

const keysSchema = z.strictObject({
  freshFor: duration({ minMs: 1000 }).prefault('10m').describe('Age at which the keys are refreshed in the background'),
  staleFor: duration({ minMs: 1000 }).prefault('24h').describe('Age up to which keys serve while the issuer is down'),
  refetchEvery: duration({ minMs: 1000 })
    .prefault('30s')
    .describe('An unknown kid refetches the keys at most once in this time, per issuer; known sessions once more'),
  timeout: duration({ minMs: 50, maxMs: 60_000 }).prefault('3s').describe('Time one fetch may take'),
})

const issuerSchema = z.strictObject({
  issuer: httpUrl().describe('The issuer identifier; compared byte for byte with `iss`'),
  jwks: httpUrl().optional().describe('Address of the keys, for instance inside the cluster; default: discovery'),
  audience: oneOrMore(z.string().min(1)).describe('Identifier of this API in `aud`; a list means any of them'),
  roles: z
    .union([z.literal('keycloak'), claimPath()])
    .prefault('keycloak')
    .describe('Where roles stand: `keycloak` (realm_access and resource_access) or a claim that holds a list'),
  algorithms: z.array(z.enum(algorithms)).min(1).prefault(['RS256']).describe('Signature algorithms that are accepted'),
  clockSkew: duration({ maxMs: 300_000 }).prefault('30s').describe('Tolerated difference of clocks'),
  maxTokenAge: duration({ minMs: 1000 }).prefault('24h').describe('Longest lifetime of a token'),
  tokenTypes: z
    .array(z.enum(['at+jwt', 'keycloak', 'jwt']))
    .min(1)
    .prefault(['at+jwt', 'keycloak'])
    .describe(
      'What counts as an access token: header typ at+jwt; keycloak: payload typ Bearer; jwt: any JWT not marked as another kind',
    ),
  keys: keysSchema.prefault({}).describe('Fetching and caching of the keys'),
})

const upstreamObject = z.strictObject({
  urls: z.array(httpOrigin()).min(1).describe('Origins; requests go round robin over those that can be reached'),
  timeouts: timeoutsSchema.prefault({}).describe('Time limits towards this upstream'),
  connections: z.int().min(1).max(10_000).prefault(128).describe('Connections kept to each URL, at most'),
  openapi: documentAddress()
    .optional()
    .describe(
      "The service's OpenAPI document, for `scopegate openapi`: a file relative to the folder of this file, or an http(s) URL; the gateway itself reads it only for `body: { schema: openapi }` and `docs`",
    ),
})

const upstreamSchema = z
  .union([httpOrigin().transform((url) => upstreamObject.parse({ urls: [url] })), upstreamObject])
  .describe('One origin, or a mapping')

const rateLimitSchema = z.strictObject({
  limit: z.int().min(1).max(1_000_000_000).describe('Requests that any window of this length may hold'),
  window: duration({ minMs: 1000, maxMs: 31 * 86_400_000 }).describe('Length of the sliding window'),
  key: oneOrMore(
    z
      .string()
      .regex(
        /^(client\.ip|route|token\.\S+|header\.[\w!#$%&'*+.^`|~-]+|form\.\S+)$/,
        'expected client.ip, route, token.<claim>, header.<name> or form.<field>',
      ),
  ).describe(
    'What is counted: client.ip, route, token.<claim>, header.<name>, form.<field>; a list counts combinations',
  ),
  when: z.enum(['before-auth', 'after-auth']).prefault('after-auth').describe('Before or after the token is checked'),
  whenMissing: z
    .enum(['share', 'skip'])
    .prefault('share')
    .describe('Requests without a part of the key: all share one window, or this limit does not count them'),
  onStoreError: z
    .enum(['local', 'allow', 'deny'])
    .prefault('local')
    .describe('When Redis cannot be reached: count in this process, let pass, or answer 503'),
})

const corsSchema = z.strictObject({
  origins: z
    .array(
      z.union(
        [z.literal('*'), httpOrigin()],
        'expected scheme, host and port alone, such as https://shop.example.com, or "*"',
      ),
    )
    .min(1)
    .describe('Origins of pages that may call; `*` only without credentials'),
  credentials: z.boolean().prefault(false).describe('Let pages send cookies'),
  maxAge: duration({ maxMs: 86_400_000 }).prefault('10m').describe('Time a browser may keep a preflight answer'),
  headers: z.array(fieldName()).optional().describe('Request fields a page may send; default: any'),
  expose: z.array(fieldName()).prefault([]).describe("Response fields a page may read, beyond the gateway's own"),
})

const secretText = secret('A value, `${ENV_NAME}`, or `{ file: path }`')

const redisSchema = z.strictObject({
  url: secretText.optional().describe('redis:// or rediss:// address of a single node'),
  cluster: z.array(z.string().min(1)).min(1).optional().describe('host:port of some nodes of a Redis Cluster'),
  sentinel: z
    .strictObject({ name: z.string().min(1), nodes: z.array(z.string().min(1)).min(1) })
    .optional()
    .describe('Name of the master and host:port of the sentinels'),
  tls: z.boolean().optional().describe('Use TLS for cluster and sentinel nodes'),
  username: z.string().optional().describe('ACL user'),
  password: secretText.optional().describe('Password of the ACL user'),
})

const identityObject = z.strictObject({
  headers: z
    .record(fieldName(), claimPath())
    .prefault({ 'X-User-Id': 'sub', 'X-Client-Id': 'azp', 'X-Scopes': 'scope' })
    .describe('Fields the upstream gets, and the claim each is taken from; client copies are removed'),
  authorization: z.enum(['strip', 'forward']).prefault('strip').describe('Whether the upstream gets the token itself'),
})

const listenSchema = z.strictObject({
  host: hostName().prefault('0.0.0.0').describe('Address to listen on'),
  port: z.int().min(0).max(65_535).prefault(8080).describe('Port; the environment variable PORT and --port win'),
  tls: z
    .strictObject({
      cert: z.string().min(1).describe('Certificate chain'),
      key: z.string().min(1).describe('Private key, without a passphrase'),
    })
    .optional()
    .describe('PEM files, for HTTPS; relative to the folder of this file'),
})

const limitsSchema = z.strictObject({
  body: size().prefault('1MiB').describe('Largest request body (413)'),
  headers: size({ minBytes: 1024, maxBytes: 1024 ** 2 })
    .prefault('16KiB')
    .describe('All request header fields together (431)'),
  url: size({ minBytes: 256, maxBytes: 1024 ** 2 })
    .prefault('8KiB')
    .describe('Request target (414)'),
  headerTimeout: duration({ minMs: 100 }).prefault('10s').describe('Time for the header fields to arrive (408)'),
  requestTimeout: duration({ minMs: 100 }).prefault('5m').describe('Time for a whole request to arrive (408)'),
  keepAliveTimeout: duration({ minMs: 100 }).prefault('65s').describe('Time an idle client connection is kept'),
  connections: z.int().min(1).prefault(10_000).describe('Client connections at once (503)'),
  inFlight: z
    .int()
    .min(1)
    .prefault(5000)
    .describe('Requests at once whose answers have not begun; more are told to come back (503)'),
  loopDelay: duration({ minMs: 20, maxMs: 60_000 })
    .prefault('200ms')
    .describe('Lag of the event loop that, when it lasts, makes the gateway take in fewer requests at once (503)'),
})

const defaultsSchema = z.strictObject({
  issuer: oneOrMore(name()).optional().describe('Issuers of routes that name none; one issuer needs no default'),
  rateLimits: z
    .array(name())
    .prefault([])
    .describe('Limits of routes that name none; those before-auth also count unmatched requests'),
  cors: name().optional().describe('CORS policy of routes that name none, and of unmatched requests'),
})

export const fileSchema = z
  .strictObject({
    version: z.literal(1).describe('Version of this format'),
    issuers: z.record(name(), issuerSchema).prefault({}).describe('Who signs access tokens'),
    upstreams: z.record(name(), upstreamSchema).describe('Where requests are forwarded'),
    rateLimits: z.record(name(), rateLimitSchema).prefault({}).describe('Sliding windows, by name'),
    cors: z.record(name(), corsSchema).prefault({}).describe('CORS policies, by name'),
    defaults: defaultsSchema.prefault({}).describe('What routes use that say nothing else'),
    routes: z.array(routeSchema).min(1).describe('The route table; order does not matter'),
    tests: z.array(testSchema).prefault([]).describe('Requests and the answers they must get'),
    accept: z.array(acceptSchema).prefault([]).describe('Findings of `validate` that are meant to be there'),
    resource: httpUrl().optional().describe("Resource identifier of RFC 9728; default: the request's scheme and host"),
    listen: listenSchema.prefault({}).describe('The data listener'),
    admin: adminSchema.prefault({}).describe('The admin listener, or false'),
    workers: z
      .union([z.int().min(1).max(256), z.literal('auto')], 'expected a number of processes, or auto')
      .prefault(1)
      .describe('Processes: a number, or auto for one per core'),
    upstreamClient: z
      .enum(['lean', 'undici'])
      .prefault('lean')
      .describe("What sends requests to upstreams: `lean` (the gateway's own strict client) or `undici` (the library)"),
    redis: redisSchema.optional().describe('Where windows are counted; default: in memory'),
    trustedProxies: z
      .array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], 'expected an address or a CIDR block'))
      .prefault([])
      .describe('Addresses or CIDR blocks whose X-Forwarded-For is believed'),
    limits: limitsSchema.prefault({}).describe('Sizes and times granted to clients'),
    shutdown: z
      .strictObject({ grace: duration().prefault('30s').describe('Time in-flight requests have to finish') })
      .prefault({})
      .describe('Stopping'),
    identity: identityObject.prefault({}).describe('What upstreams learn about the caller'),
    login: loginSchema
      .optional()
      .describe('Sessions for browsers, on routes that say `session: true`; default: none, and no cookie is read'),
    docs: docsSchema.optional().describe('The API reference page, which everybody can read; default: none'),
    tickets: ticketsSchema
      .optional()
      .describe('Tickets for pages, on routes that say `tokenFrom: [ticket]`; they need not be set up here'),
    log: logSchema.prefault({}).describe('Logging'),
    decisions: decisionsSchema.optional().describe('The decision log, for impact, usage and shadow; default: none'),
  })
  .describe('Scopegate route-scope file')

export type GatewayFile = z.output<typeof fileSchema>
