/** Rate limits that do not limit. */
import type { KeyPart, RateLimitPolicy, RouteConfig } from '../../config/gateway-config.ts'
import { quoteText } from '../../config/problem.ts'
import { describeKeyPart } from '../words.ts'
import type { Find, LintFile } from './rule.ts'

/** Claims that access tokens have by RFC 9068 or from Keycloak. */
const USUAL = ['iss', 'sub', 'aud', 'exp', 'iat', 'jti', 'typ', 'azp', 'client_id']

/** What a request need not have: all those without it share one window, or no limit counts them. */
export function* missingKeys({ config, routes }: LintFile): Generator<Find> {
  for (const { name, key, whenMissing } of config.rateLimits.values()) {
    const [rare] = key.filter((part) => part.from === 'token' && !isUsual(part))
    if (rare === undefined || whenMissing === 'skip') continue
    const message = `all tokens without ${quoteText(describeKeyPart(rare))} share one window`
    yield { path: ['rateLimits', name, 'key'], message }
  }
  for (const { route, path } of routes) {
    for (const message of [sharedByAll(route), skippedByAll(route)]) {
      if (message !== undefined) yield { path: [...path, 'path'], message }
    }
  }
}

/** Pages are read without a form. */
function sharedByAll({ policy, rateLimits }: RouteConfig): string | undefined {
  const reads = [policy.public, ...policy.allow].some((line) => line?.methods.has('GET') === true)
  const found = rateLimits.find(({ key, whenMissing }) => whenMissing === undefined && key.some(isForm))
  const part = found?.key.find(isForm)
  if (!reads || found === undefined || part === undefined) return undefined
  return `GET has no form: for ${quoteText(found.name)} all such requests have one and the same ${quoteText(describeKeyPart(part))}`
}

function skippedByAll({ policy, rateLimits }: RouteConfig): string | undefined {
  const skipping = rateLimits.filter(({ whenMissing }) => whenMissing === 'skip')
  const isLeft = (limit: RateLimitPolicy) =>
    limit.whenMissing === 'skip' || (policy.public !== undefined && needsToken(limit))
  if (skipping.length === 0 || !rateLimits.every(isLeft)) return undefined
  const names = skipping.map(({ name }) => quoteText(name)).join(' and ')
  return `no limit counts the requests that ${names} ${skipping.length === 1 ? 'skips' : 'skip'}`
}

function isForm({ from }: KeyPart): boolean {
  return from === 'form'
}

function isUsual(part: KeyPart): boolean {
  return part.from === 'token' && part.claim.length === 1 && USUAL.includes(part.claim[0] as string)
}

/** A field that clients fill in as they like: each new value opens a new window. */
export function* chosenKeys({ config }: LintFile): Generator<Find> {
  for (const { name, key } of config.rateLimits.values()) {
    const [chosen] = key.filter(({ from }) => from === 'header')
    if (chosen === undefined) continue
    const message = `a client that sends another ${quoteText(describeKeyPart(chosen))} each time opens a new window each time`
    yield { path: ['rateLimits', name, 'key'], message }
  }
}

/** Requests that nothing counts. */
export function* routesWithoutLimit({ config, routes }: LintFile): Generator<Find> {
  if (config.rateLimits.size === 0) {
    yield { path: ['routes'], at: 'key', message: 'this file has no rate limits' }
    return
  }
  for (const { route, path } of routes) {
    const { rateLimits } = route
    if (rateLimits.length === 0)
      yield { path: [...path, 'path'], message: 'no limit counts the requests of this route' }
    else if (isUncounted(route)) {
      const message = `no token is needed here, and ${rateLimits.map(({ name }) => quoteText(name)).join(', ')} can count nothing else`
      yield { path: [...path, 'public'], at: 'key', message }
    }
  }
}

/** A route's own limits stand in place of the defaults, and with them goes what counts requests with no or a bad token. */
export function* limitsLeftOut({ config, routes }: LintFile): Generator<Find> {
  const names = config.unmatched.rateLimits.map(({ name }) => quoteText(name)).join(', ')
  if (names === '') return
  for (const { route, path } of routes) {
    const { policy, rateLimits } = route
    const isOpen = policy.allow.length === 0 || rateLimits.length === 0
    if (isOpen || rateLimits.some(({ when }) => when === 'before-auth')) continue
    const message = `these stand in place of the defaults: ${names} is left out, and nothing counts requests with a bad token`
    yield { path: [...path, 'rateLimits'], at: 'key', message }
  }
}

/** Public, and all limits count tokens. */
function isUncounted({ policy, rateLimits }: RouteConfig): boolean {
  return policy.public !== undefined && rateLimits.every(needsToken)
}

function needsToken({ key }: RateLimitPolicy): boolean {
  return key.some(({ from }) => from === 'token')
}
