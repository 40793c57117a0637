/** Refresh tokens that look like Keycloak's: an HS512 JWT that no published key verifies, payload `typ` Refresh. */
import { createHmac, randomBytes, randomUUID } from 'node:crypto'

interface RefreshFacts {
  readonly issuer: string
  readonly subject: string
  readonly clientId: string
  readonly sessionId: string
  readonly scope: string
  readonly issuedAt: number
  readonly expiresAt: number
}

/** The signer of one issuer; its key is made here and never leaves. */
export function createRefreshTokenSigner(): (facts: RefreshFacts) => string {
  const secret = randomBytes(64)
  const header = encode({ alg: 'HS512', typ: 'JWT', kid: randomUUID() })
  return (facts) => {
    const payload = encode({
      exp: facts.expiresAt,
      iat: facts.issuedAt,
      jti: randomUUID(),
      iss: facts.issuer,
      aud: facts.issuer,
      sub: facts.subject,
      typ: 'Refresh',
      azp: facts.clientId,
      sid: facts.sessionId,
      scope: facts.scope,
    })
    return `${header}.${payload}.${createHmac('sha512', secret).update(`${header}.${payload}`).digest('base64url')}`
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
