/** Users with tokens that live a minute, signed with the key of the day. */
import { randomUUID } from 'node:crypto'
import type { TestIssuer } from '../../test/support/test-issuer.ts'
import type { SigningKey } from '../../test/support/tokens.ts'

export interface User {
  readonly subject: string
  readonly token: string
}

export interface Users {
  /** One of those who come again and again. */
  known(): Promise<User>
  /** Somebody who was never here. */
  fresh(claims?: Record<string, unknown>): Promise<User>
  /** Publishes a new key; nothing is signed with it before {@link useNewestKey}, as issuers that rotate with care do it. */
  publishKey(): Promise<void>
  useNewestKey(): void
}

const KNOWN = 200
const LIFETIME_S = 60
/** Half of the life is left then. */
const RENEW_AFTER_MS = 30_000
/** Those of tokens that may still be valid. */
const PUBLISHED_KEYS = 4

export function createUsers(issuer: TestIssuer): Users {
  const known = Array.from({ length: KNOWN }, () => ({
    subject: randomUUID(),
    token: '',
    atMs: Number.NEGATIVE_INFINITY,
  }))
  let key = issuer.keys[0] as SigningKey

  async function mint(subject: string, claims: Record<string, unknown> = {}): Promise<string> {
    const exp = Math.floor(Date.now() / 1000) + LIFETIME_S
    return issuer.mint({ sub: subject, exp, scope: 'openid orders:read orders:write', ...claims }, { key })
  }

  return {
    async known() {
      const user = known[Math.floor(Math.random() * KNOWN)] as (typeof known)[number]
      if (performance.now() - user.atMs > RENEW_AFTER_MS) {
        user.atMs = performance.now()
        user.token = await mint(user.subject)
      }
      // Another visit may be waiting for the first one.
      return user.token === '' ? { subject: user.subject, token: await mint(user.subject) } : user
    },
    async fresh(claims) {
      const subject = randomUUID()
      return { subject, token: await mint(subject, claims) }
    },
    async publishKey() {
      await issuer.rotate()
      issuer.keys.length = Math.min(issuer.keys.length, PUBLISHED_KEYS)
    },
    useNewestKey() {
      key = issuer.keys[0] as SigningKey
    },
  }
}
