/** Sessions whose tokens were verified not long ago. A token that names one is less likely to be made up. */
import type { Claims } from './access-token.ts'
import { ownMember } from './strict-json.ts'

export interface KnownSessions {
  has(session: string | undefined): boolean
  add(session: string | undefined): void
}

/** Remembers between `entries` and twice as many: when the young ones are full, they become the old ones. */
export function createKnownSessions(entries = 10_000): KnownSessions {
  let young = new Set<string>()
  let old = new Set<string>()
  return {
    has: (session) => session !== undefined && (young.has(session) || old.has(session)),
    add(session) {
      if (session === undefined) return
      if (young.size >= entries && !young.has(session)) {
        old = young
        young = new Set()
      }
      young.add(session)
    },
  }
}

/**
 * What a client's tokens have in common from one to the next: issuer, subject, client and session, as a digest. Undefined
 * for a token with neither subject nor session, since a client's name is no secret. The claims need not be verified.
 */
export function readSession(claims: Claims, digest: (text: string) => string): string | undefined {
  const [iss, azp, ...own] = ['iss', 'azp', 'sub', 'sid'].map((name) => ownMember(claims, name))
  return own.some((value) => typeof value === 'string') ? digest(JSON.stringify([iss, azp, own])) : undefined
}
