/** A route-scope file to begin with, in which comments say what each part is for. */
import { withoutControls } from '../../config/problem.ts'
import { inFlow } from '../in-flow.ts'

export interface StarterUpstream {
  readonly name: string
  readonly url: string
  /** Its OpenAPI document, as the file is to name it. */
  readonly openapi?: string | undefined
}

export interface Starter {
  /** Where editors find the JSON Schema, relative to the file. */
  readonly schema: string
  readonly issuer: string
  readonly audience: string
  readonly upstreams: readonly StarterUpstream[]
  /** Of pages that may call. */
  readonly origins: readonly string[]
  /** YAML of the list below `routes:`, see `formatRoutes`. */
  readonly routes: string
  /** For people, above the routes. */
  readonly notes: readonly string[]
}

export interface StarterLine {
  readonly methods: readonly string[]
  readonly scope: string
}

export interface StarterRoute {
  readonly path: string
  readonly upstream: string
  readonly lines: readonly StarterLine[]
  /** For people, below the lines. */
  readonly notes: readonly string[]
}

const CHANGING = ['POST', 'PUT', 'PATCH', 'DELETE']

/** The file without its section `tests`. */
export function formatStarter(starter: Starter): string {
  const { schema, issuer, audience, upstreams, origins, routes, notes } = starter
  return `# yaml-language-server: $schema=${schema}
# A route-scope file, begun by \`scopegate init\`. \`scopegate validate\` checks it, \`scopegate test\` runs its tests,
# and \`scopegate explain 'GET /some/path'\` says why a request gets its answer.
version: 1

# Who signs access tokens. A token must be addressed to this API: one for another service is refused.
issuers:
  main:
    issuer: ${inFlow(issuer)}   # compared byte for byte with \`iss\`
    audience: ${inFlow(audience)}   # must stand in \`aud\`
    roles: keycloak   # realm_access and resource_access; for another issuer the claim that holds the roles

# The services behind the gateway.
upstreams:
${upstreams.map(formatUpstream).join('\n')}

# Sliding windows: one for each address before the token is checked, one for each user after.
rateLimits:
  per-ip: { limit: 300, window: 1m, key: client.ip, when: before-auth }
  per-user: { limit: 100, window: 1m, key: token.sub }

${formatCors(origins)}
# What routes use that say nothing else.
defaults: { issuer: main, rateLimits: [per-ip, per-user]${origins.length > 0 ? ', cors: pages' : ''} }

# Who may do what. The most specific path wins; any ONE line of \`allow\` is enough, and within a line everything must hold.
# What no line allows is refused.
${notes.map(toComment).join('')}routes:
${routes}`
}

/** A route for everything below the name of each upstream, with scopes that follow from it. */
export function proposeRoutes(upstreams: readonly StarterUpstream[], notes: readonly string[] = []): StarterRoute[] {
  return upstreams.map(({ name }) => ({
    path: `/${name}/**`,
    upstream: name,
    lines: [
      { methods: ['GET'], scope: `${name}:read` },
      { methods: CHANGING, scope: `${name}:write` },
    ],
    notes,
  }))
}

export function formatRoutes(routes: readonly StarterRoute[]): string {
  return routes.map(formatRoute).join('\n')
}

function formatRoute({ path, upstream, lines, notes }: StarterRoute): string {
  return [
    `  - path: ${inFlow(path)}`,
    `    to: ${inFlow(upstream)}`,
    '    allow:',
    ...lines.map(({ methods, scope }) => `      - { methods: [${methods.join(', ')}], scopes: ${inFlow(scope)} }`),
    ...notes.map((note) => `      ${toComment(note).trimEnd()}`),
    '',
  ].join('\n')
}

function formatUpstream({ name, url, openapi }: StarterUpstream): string {
  if (openapi === undefined) return `  ${name}: ${inFlow(url)}`
  return `  ${name}: { urls: [${inFlow(url)}], openapi: ${inFlow(openapi)} }   # the document is for \`scopegate openapi\``
}

function formatCors(origins: readonly string[]): string {
  if (origins.length === 0) return `# No page of another origin may call from a browser yet: that would be \`cors\`.\n`
  const list = origins.map(inFlow).join(', ')
  return `# Pages that may call from a browser.\ncors:\n  pages: { origins: [${list}], maxAge: 10m }\n`
}

/** A line of its own; whatever the text holds, it stays one. */
export function toComment(text: string): string {
  return `# ${withoutControls(text)}\n`
}
