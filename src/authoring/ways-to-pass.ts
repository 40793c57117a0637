/** What would make a refused request pass, the cheapest first. */
import type { GatewayConfig } from '../config/gateway-config.ts'
import type { GatewayError } from '../errors.ts'
import { findRemedies } from './remedies.ts'
import { findNearest } from './route-contest.ts'
import type { Simulation } from './simulate.ts'
import { describeLine } from './words.ts'

/** Empty for a request that passes, and where nothing about the request would help. */
export function findWaysToPass(config: GatewayConfig, simulation: Simulation, method: string): string[] {
  const { error, match, trace, path } = simulation
  if (error === undefined) return []
  switch (error.code) {
    case 'insufficient_scope':
      if (match === undefined || trace === undefined) return []
      return findRemedies(match.route, trace).map(({ missing, line }) => `${missing.join(' and ')} (line ${line})`)
    case 'method_not_allowed':
      return (error.details.allow ?? []).map((allowed) => `the method ${allowed}`)
    case 'missing_token':
    case 'not_found':
      return match === undefined ? nearPaths(config, path ?? '') : tokensFor(simulation, method)
    case 'invalid_token':
      return betterToken(config, error, simulation)
    default:
      return []
  }
}

function nearPaths(config: GatewayConfig, path: string): string[] {
  return findNearest(config, path).map((route) => `a path of ${route.path} (line ${route.line})`)
}

function tokensFor({ match }: Simulation, method: string): string[] {
  if (match?.route.report?.of === 'route') return ['any valid token']
  const lines = [...(match?.route.policy.allow.entries() ?? [])]
  return lines.flatMap(([index, line]) => {
    const isFor = [...line.methods].some((one) => one === method)
    return isFor ? [`a token with ${describeLine(line)} (line ${index + 1})`] : []
  })
}

/** For the reasons that the file decides. */
function betterToken(config: GatewayConfig, { reason }: GatewayError, { match }: Simulation): string[] {
  const names = match?.route.issuers ?? [...config.issuers.keys()]
  const issuers = names.flatMap((name) => config.issuers.get(name) ?? [])
  switch (reason) {
    case 'token_issuer':
      return issuers.map(({ issuer }) => `a token whose iss is ${issuer}`)
    case 'token_audience':
      return issuers.map(({ audience }) => `a token whose aud has ${audience.join(' or ')}`)
    case 'token_algorithm':
      return issuers.map(({ algorithms }) => `a token that is signed with ${algorithms.join(' or ')}`)
    case 'token_expired':
      return ['a token that has not expired']
    case 'token_type':
      return ['an access token, and no ID, refresh or logout token']
    default:
      return []
  }
}
