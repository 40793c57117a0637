import type { IssuerConfig } from '../config/gateway-config.ts'
import { invalidToken } from '../errors.ts'
import type { Claims } from './access-token.ts'
import { ownMember } from './strict-json.ts'

/**
 * Issuers by `iss`, byte for byte. It is not verified yet, and only picks whose keys must have signed the token. Several
 * may share it, with an audience each. Throws `invalid_token` when there is none among those that `accepted` names
 * (undefined: all).
 */
export function candidatesFor<T extends { readonly config: IssuerConfig }>(
  claims: Claims,
  issuers: readonly T[],
  accepted: readonly string[] | undefined,
): readonly T[] {
  const iss = ownMember(claims, 'iss')
  const candidates = issuers.filter(({ config }) => config.issuer === iss && isAccepted(config.name, accepted))
  if (candidates.length === 0) throw invalidToken('token_issuer')
  return candidates
}

export function isAccepted(name: string, accepted: readonly string[] | undefined): boolean {
  return accepted === undefined || accepted.includes(name)
}
