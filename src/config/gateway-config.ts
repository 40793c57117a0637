/**
 * The configuration as the request path uses it: checked, references resolved, defaults applied, frozen.
 * Durations are milliseconds and sizes are bytes; the names say so.
 */
import type { AdminConfig } from './admin-config.ts'
import type { BodyPolicy } from './body-policy.ts'
import type { ClaimPath } from './claim-path.ts'
import type { DocsConfig } from './docs-config.ts'
import type { Acceptance } from './findings.ts'
import type { IdentityConfig } from './identity-config.ts'
import type { LoginConfig, LoginPage } from './login-config.ts'
import type { PolicyTest } from './policy-test.ts'
import type { TicketConfig, TokenPlace } from './ticket-config.ts'
import type { Algorithm, TokenType } from './token-kinds.ts'

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface GatewayConfig {
  /** SHA-256 of the source text, and of the schema files it names; base64url. */
  readonly digest: string
  readonly server: ServerConfig
  readonly issuers: ReadonlyMap<string, IssuerConfig>
  readonly upstreams: ReadonlyMap<string, UpstreamConfig>
  readonly rateLimits: ReadonlyMap<string, RateLimitPolicy>
  readonly routes: readonly RouteConfig[]
  /** What applies to a request that matches no route. */
  readonly unmatched: { readonly rateLimits: readonly RateLimitPolicy[]; readonly cors?: CorsPolicy }
  /** Addresses or CIDR blocks whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[]
  readonly limits: { readonly bodyBytes: number; readonly urlBytes: number; readonly headersBytes: number }
  readonly log: LogConfig
  /** Sessions of browsers; absent: there are none, and nobody reads a cookie. */
  readonly login?: LoginConfig
  /** The API reference page; absent: there is none. */
  readonly docs?: DocsConfig
  readonly tickets?: TicketConfig
  /** The `resource` of RFC 9728; absent: derived from the request's scheme and host. */
  readonly resource?: string
  readonly scopesSupported: readonly string[]
  /** The file's own tests, in its order. */
  readonly tests: readonly PolicyTest[]
  /** Findings that the file accepts. */
  readonly accept: readonly Acceptance[]
}

/** What cannot change without a restart. */
export interface ServerConfig {
  readonly listen: {
    readonly host: string
    readonly port: number
    /** PEM texts, read by the loader. */
    readonly tls?: { readonly cert: string; readonly key: string }
  }
  readonly admin: false | AdminConfig
  readonly workers: number | 'auto'
  readonly upstreamClient: 'lean' | 'undici'
  readonly redis?: RedisConfig
  readonly decisions?: DecisionLogConfig
  readonly headersBytes: number
  readonly urlBytes: number
  readonly headerTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly keepAliveTimeoutMs: number
  readonly connections: number
  /** Requests whose answers have not begun. */
  readonly inFlight: number
  readonly loopDelayMs: number
  readonly shutdownGraceMs: number
}

export interface DecisionLogConfig {
  readonly file: string
  readonly maxBytes: number
  /** Full files beside the one that is written. */
  readonly keep: number
  /** Part of the allowed requests, from 0 to 1. */
  readonly sample: number
}

export interface RedisConfig {
  readonly url?: string
  readonly cluster?: readonly string[]
  readonly sentinel?: { readonly name: string; readonly nodes: readonly string[] }
  readonly tls?: boolean
  readonly username?: string
  readonly password?: string
}

export interface LogConfig {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'
  readonly access: 'all' | 'denials' | 'none'
  /** How an access-log line names the subject. */
  readonly subject: 'hash' | 'id' | 'none'
}

export interface IssuerConfig {
  readonly name: string
  /** Compared byte for byte with `iss`. */
  readonly issuer: string
  /** Address of the JWKS; absent: OpenID Connect Discovery. */
  readonly jwks?: string
  /** The token's `aud` has at least one of these. */
  readonly audience: readonly string[]
  /** The Keycloak claims, or one claim that holds an array of role names. */
  readonly roles: 'keycloak' | ClaimPath
  readonly algorithms: readonly Algorithm[]
  readonly clockSkewMs: number
  readonly maxTokenAgeMs: number
  readonly tokenTypes: readonly TokenType[]
  readonly keys: {
    readonly freshForMs: number
    readonly staleForMs: number
    readonly refetchEveryMs: number
    readonly timeoutMs: number
  }
}

export interface UpstreamConfig {
  readonly name: string
  /** Origins, such as `http://orders:8080`: no path, no credentials. */
  readonly urls: readonly string[]
  readonly timeouts: Timeouts
  /** Connections kept to each URL, at most. */
  readonly connections: number
  /** File or URL of the service's OpenAPI document; nothing on the path of a request reads it. */
  readonly openapi?: string
}

export interface Timeouts {
  readonly connectMs: number
  /** From the end of the request to the head of the response. */
  readonly responseMs: number
  /** Longest silence inside a body, either way. */
  readonly idleMs: number
}

/** One part of a rate limit's key. A `header` name is lower case; a `form` name is as written, for forms tell case apart. */
export type KeyPart =
  | { readonly from: 'client.ip' }
  | { readonly from: 'route' }
  | { readonly from: 'token'; readonly claim: ClaimPath }
  | { readonly from: 'header'; readonly name: string }
  | { readonly from: 'form'; readonly name: string }

export interface RateLimitPolicy {
  readonly name: string
  readonly limit: number
  readonly windowMs: number
  readonly key: readonly KeyPart[]
  readonly when: 'before-auth' | 'after-auth'
  /** A request without a part of the key is not counted. Absent: all those share a window. */
  readonly whenMissing?: 'skip'
  readonly onStoreError: 'local' | 'allow' | 'deny'
}

export interface CorsPolicy {
  readonly name: string
  /** Origins in ASCII serialisation (RFC 6454), or `*`. */
  readonly origins: ReadonlySet<string>
  readonly credentials: boolean
  readonly maxAgeSeconds: number
  /** Request fields that a page may send; undefined: whatever it asks for. */
  readonly headers?: readonly string[]
  /** Response fields beyond the gateway's own that a page may read. */
  readonly expose: readonly string[]
}

export interface RouteConfig {
  /** As written in the file: `/users/{userId}/orders`, `/orders/**`. Names the route in logs and metrics. */
  readonly path: string
  /** Line of the route in the file, from 1. */
  readonly line: number
  readonly upstream: UpstreamConfig
  /** Path to send instead, with the route's parameters. */
  readonly rewrite?: string
  readonly policy: RoutePolicy
  /** Names of the issuers whose tokens count here. */
  readonly issuers: readonly string[]
  readonly rateLimits: readonly RateLimitPolicy[]
  readonly cors?: CorsPolicy
  readonly identity: IdentityConfig
  readonly timeouts: Timeouts
  readonly bodyBytes: number
  readonly body?: BodyPolicy
  readonly websocket: boolean
  /** A browser's session does in place of a token. */
  readonly session: boolean
  /** Where a token may stand beside the Authorization field; absent: nowhere. Streams then end with their token. */
  readonly tokenFrom?: ReadonlySet<TokenPlace>
  /** The gateway itself answers. */
  readonly page?: LoginPage | 'docs' | 'ticket'
  /** What is only reported for now; `policy` is what is enforced meanwhile. Absent as well when its last day was over at load. */
  readonly report?: ReportConfig
  /** Last day of `report` as written, an ISO date in UTC; stays when the day is over, to remind of it. */
  readonly until?: string
}

/** A policy that is evaluated beside the one that is enforced, and takes its place when the time is up. */
export interface ReportConfig {
  /**
   * What was written: `mode: report` of the route, whose lines are then this policy, and `RouteConfig.policy` has one line
   * more at its end, any token; or of lines, which in `RouteConfig.policy` keep their place and are for no method; or
   * `candidate`, which has lines of its own.
   */
  readonly of: 'route' | 'lines' | 'candidate'
  readonly policy: RoutePolicy
  /** Moment from which `policy` is enforced, in ms since the epoch; infinite without `until`. */
  readonly untilMs: number
}

/** What a route demands. Pure data: everything in it can be enumerated. */
export interface RoutePolicy {
  /** Methods that need no token, and why. */
  readonly public?: { readonly methods: ReadonlySet<Method>; readonly reason: string }
  /** Alternatives: any one line is enough. */
  readonly allow: readonly AllowLine[]
}

/** All conditions of a line must hold. */
export interface AllowLine {
  /** Line in the file, from 1. */
  readonly line: number
  readonly methods: ReadonlySet<Method>
  readonly scopes?: Condition<string>
  /** Realm role `admin`, client role `shop-api:manager`. */
  readonly roles?: Condition<string>
  readonly claims: readonly ClaimCondition[]
  readonly where: readonly OwnershipCondition[]
  /** `token: any` was written: any valid token will do. */
  readonly anyToken: boolean
  readonly because?: string
}

export interface Condition<T> {
  readonly match: 'all' | 'any'
  readonly values: readonly T[]
}

export interface ClaimCondition extends Condition<string | number | boolean> {
  /** As written, for messages. */
  readonly name: string
  readonly path: ClaimPath
}

/** The path parameter equals the claim (or is one of its strings). */
export interface OwnershipCondition {
  readonly param: string
  readonly claim: ClaimPath
}
