/** Why a request got its answer, in one sentence. */
import { ERRORS, type GatewayError, INVALID_TOKEN_REASONS, type InvalidTokenReason } from '../errors.ts'
import { describePage } from './own-pages.ts'
import { findRemedies } from './remedies.ts'
import { writtenPolicy } from './report-mode.ts'
import type { Simulation } from './simulate.ts'

/** Reasons of `invalid_target` (see routing/request-target.ts), for people who can mend the request. */
export const TARGET_REASONS: Readonly<Record<string, string>> = {
  target_form: 'the target is not a path',
  target_query: 'the query holds a blank, "#", a control or a character outside ASCII: percent-encode it',
  target_characters: 'the path holds a blank, a control or a character outside ASCII: percent-encode it',
  target_ambiguous_character: '"\\", ";" and "#" in a path are read in two ways',
  target_escape: 'a "%" that no two hexadecimal digits follow',
  target_ambiguous_escape: 'an encoded "/", "\\", "%", "?", "#", ";" or control is read in two ways',
  target_empty_segment: 'the path has an empty segment ("//")',
  target_dot_segment: 'the path has a segment "." or ".."',
  target_utf8: 'the escapes of the path are not UTF-8',
  rewrite_ambiguous: 'with this parameter the rewrite would hold an empty or a dot segment',
}

export function explainOutcome(simulation: Simulation): string {
  const { outcome, error, decision, match } = simulation
  if (outcome === 'metadata') return "the gateway's own page (RFC 9728)"
  if (outcome === 'page' && match !== undefined) return describePage(match.route) ?? ''
  if (outcome === 'preflight') return 'a CORS preflight, which needs no token'
  if (error !== undefined) return explainError(error, simulation)
  if (decision?.allowed && decision.line !== 'public') {
    const isWritten = match === undefined || decision.line < writtenPolicy(match.route).allow.length
    if (isWritten) return `line ${decision.line + 1} of ${match?.route.path} fits`
    return `${match.route.path} is in report mode: any valid token will do`
  }
  return `${match?.route.path} is public: ${match?.route.policy.public?.reason ?? ''}`
}

function explainError(error: GatewayError, { match, trace, decision }: Simulation): string {
  switch (error.code) {
    case 'missing_token':
      return match === undefined
        ? 'no token, and no route has this path'
        : `no token, and ${match.route.path} needs one`
    case 'invalid_token':
      return INVALID_TOKEN_REASONS[error.reason as InvalidTokenReason] ?? ERRORS.invalid_token.title
    case 'invalid_target':
      return TARGET_REASONS[error.reason] ?? ERRORS.invalid_target.title
    case 'not_found':
      return 'no route has this path'
    case 'method_not_allowed': {
      const methods = decision?.allowed === false && decision.code === 'method_not_allowed' ? decision.allow : []
      return `no line of ${match?.route.path} is for this method; it has ${methods.join(', ') || 'none'}`
    }
    case 'insufficient_scope': {
      const [nearest] = match === undefined || trace === undefined ? [] : findRemedies(match.route, trace)
      if (nearest === undefined) return ERRORS.insufficient_scope.title
      return `line ${nearest.line} of ${match?.route.path} lacks ${nearest.missing.join(' and ')}`
    }
    case 'body_mismatch':
      return explainMismatch(error)
    default:
      return titleOf(error)
  }
}

function titleOf({ code, details }: GatewayError): string {
  return details.detail ?? ERRORS[code].title
}

function explainMismatch({ details: { errors = [] } }: GatewayError): string {
  return `the body does not match: ${errors.map(({ pointer, detail }) => `"${pointer}" ${detail}`).join('; ')}`
}
