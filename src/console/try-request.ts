/** What the gateway would answer to a request, and what else its caller may do. Nothing of it is sent, kept or logged. */
import { z } from 'zod'
import type { AccessToken } from '../authentication/access-token.ts'
import { readClaimedToken } from '../authoring/claims-token.ts'
import { type Explanation, explain } from '../authoring/explain.ts'
import type { Caller, Simulate } from '../authoring/simulate.ts'
import { readUnverifiedToken } from '../authoring/unverified-token.ts'
import { describeLine } from '../authoring/words.ts'
import { decide, inForce } from '../authorization/decide.ts'
import type { AllowLine, GatewayConfig, Method, RouteConfig } from '../config/gateway-config.ts'
import { GatewayError } from '../errors.ts'
import { readClaim } from '../read-claim.ts'

const object = z.record(z.string(), z.unknown())
const trialSchema = z.strictObject({
  method: z.string().regex(/^[A-Za-z]{1,20}$/),
  path: z.string().min(1).max(8192),
  /** Of a token that the issuer would sign; what all its tokens have may be left out. */
  claims: object.optional(),
  /** The parts of a token that its signature is made over, decoded. The signature itself stays where it is. */
  token: z.strictObject({ header: object, claims: object }).optional(),
})

export type Trial = z.output<typeof trialSchema>

export interface TrialResult {
  readonly explanation: Explanation
  /** All routes, in the order of the file. */
  readonly opens: readonly OpenRoute[]
}

export interface OpenRoute {
  readonly path: string
  readonly line: number
  readonly methods: readonly OpenMethod[]
}

export interface OpenMethod {
  readonly method: Method
  readonly isOpen: boolean
  /** The line that opens it, or those that would, in words. */
  readonly by: string
  /** Only where parameters of the path are the caller's own. */
  readonly isOwn: boolean
}

export function readTrial(body: unknown): Trial | undefined {
  return trialSchema.safeParse(body).data
}

/** @param simulate made of this configuration */
export function tryRequest(config: GatewayConfig, simulate: Simulate, trial: Trial, nowMs: number): TrialResult {
  const caller = toCaller(config, trial, nowMs)
  const request = { method: trial.method.toUpperCase(), target: trial.path, headers: [], client: '127.0.0.1' }
  const simulation = simulate(request, caller)
  const facts = { signature: signatureOf(trial), notes: [] }
  return {
    explanation: explain(config, request, simulation, facts),
    opens: config.routes.map((route) => toOpenRoute(route, caller, nowMs)),
  }
}

function signatureOf({ claims, token }: Trial): string | undefined {
  if (token !== undefined) return 'not checked: it stays in the page'
  return claims === undefined ? undefined : 'none: claims were given'
}

function toCaller(config: GatewayConfig, { claims, token }: Trial, nowMs: number): Caller | undefined {
  if (token !== undefined) {
    const text = [token.header, token.claims, 'unsigned'].map(toPart).join('.')
    return oncePerIssuers((accepted) => readUnverifiedToken(config, text, accepted, nowMs))
  }
  if (claims === undefined) return undefined
  return oncePerIssuers((accepted) => readClaimedToken(config, claims, accepted, nowMs))
}

/** Reads a token once for all routes that accept the same issuers: it may be long, and the routes many. */
function oncePerIssuers(caller: Caller): Caller {
  const outcomes = new Map<string, { readonly token?: AccessToken; readonly error?: unknown }>()
  return (accepted) => {
    const key = accepted?.join('\n') ?? ''
    const known = outcomes.get(key) ?? attempt(() => caller(accepted))
    outcomes.set(key, known)
    if (known.token === undefined) throw known.error
    return known.token
  }
}

function attempt(read: () => AccessToken): { readonly token?: AccessToken; readonly error?: unknown } {
  try {
    return { token: read() }
  } catch (error) {
    return { error }
  }
}

function toPart(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

const METHODS: readonly Method[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

function toOpenRoute(route: RouteConfig, caller: Caller | undefined, nowMs: number): OpenRoute {
  const { policy } = inForce(route, nowMs)
  const token = readToken(caller, route.issuers)
  const methods = METHODS.flatMap((method): OpenMethod[] => {
    const reason = policy.public?.methods.has(method) ? policy.public.reason : undefined
    if (reason !== undefined) return [{ method, isOpen: true, by: `public: ${reason}`, isOwn: false }]
    const lines = policy.allow.filter((line) => line.methods.has(method))
    if (lines.length === 0) return []
    const open = lines.find((line) => isOpenBy(line, method, token))
    if (open === undefined) return [{ method, isOpen: false, by: lines.map(describeLine).join(', or '), isOwn: false }]
    return [{ method, isOpen: true, by: describeLine(open), isOwn: open.where.length > 0 }]
  })
  return { path: route.path, line: route.line, methods }
}

/** With parameters that are the caller's own, where the line asks for that. */
function isOpenBy(line: AllowLine, method: Method, token: AccessToken | undefined): boolean {
  return decide({ policy: { allow: [line] } }, method, ownParams(line, token), token).allowed
}

/** A token that this route refuses opens what is public, and no more. */
function readToken(caller: Caller | undefined, issuers: readonly string[]): AccessToken | undefined {
  try {
    return caller?.(issuers)
  } catch (error) {
    if (error instanceof GatewayError) return undefined
    throw error
  }
}

function ownParams({ where }: AllowLine, token: AccessToken | undefined): Record<string, string> {
  const params: Record<string, string> = {}
  for (const { param, claim } of where) {
    const value = token && readClaim(token.claims, claim)
    const own = Array.isArray(value) ? value.find((one) => typeof one === 'string') : value
    if (typeof own === 'string') params[param] = own
  }
  return params
}
