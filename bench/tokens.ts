/** Keycloak-shaped access tokens by the thousand, and the bad ones that a gateway must refuse. */
import { createPublicKey, KeyObject, randomUUID, sign } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import type { TestIssuer } from '../test/support/test-issuer.ts'
import { encode, keycloakClaims, type SigningKey, withBrokenSignature } from '../test/support/tokens.ts'

export const AUDIENCE = 'shop-api'
export const SCOPE = 'orders:read'

/** Longer than any run. */
const LIFETIME_S = 4 * 3600

function benchClaims(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  const exp = Math.floor(Date.now() / 1000) + LIFETIME_S
  return { exp, sub: randomUUID(), sid: randomUUID(), scope: `openid email profile ${SCOPE}`, ...overrides }
}

/** What signs for an issuer. */
export interface Signer {
  /** As in `iss`. */
  readonly issuer: string
  readonly alg: string
  readonly kid: string | undefined
  readonly privateKey: KeyObject
}

export function signerOf({ issuer, keys }: TestIssuer): Signer {
  const [{ alg, kid, privateKey }] = keys as [SigningKey]
  return { issuer, alg, kid, privateKey: KeyObject.from(privateKey as Parameters<typeof KeyObject.from>[0]) }
}

/** Tokens of as many users, into a file with one a line. Signed with `node:crypto`, at a quarter of a millisecond each. */
export async function writeTokens(signer: Signer, count: number, file: string): Promise<void> {
  const { issuer, alg, kid, privateKey } = signer
  const header = encode(JSON.stringify({ alg, typ: 'JWT', kid }))
  const lines: string[] = []
  for (let i = 0; i < count; i++) {
    const claims = keycloakClaims('access', issuer, benchClaims(), { audience: AUDIENCE, nowMs: Date.now() })
    const input = `${header}.${encode(JSON.stringify(claims))}`
    lines.push(`${input}.${sign('RSA-SHA256', Buffer.from(input), privateKey).toString('base64url')}`)
  }
  await writeFile(file, `${lines.join('\n')}\n`)
}

/** The public key as PEM, for gateways that know no JWKS. */
export function publicKeyPem(issuer: TestIssuer): string {
  const key = createPublicKey({ key: (issuer.keys[0] as SigningKey).publicJwk, format: 'jwk' })
  return key.export({ type: 'spki', format: 'pem' }).toString()
}

/** One token for each check that all gateways of the comparison must make. */
export interface SampleTokens {
  readonly good: string
  readonly wrongIssuer: string
  readonly wrongAudience: string
  readonly expired: string
  readonly badSignature: string
  readonly missingScope: string
}

export async function mintSamples(issuer: TestIssuer): Promise<SampleTokens> {
  const nowS = Math.floor(Date.now() / 1000)
  const good = await issuer.mint(benchClaims())
  return {
    good,
    wrongIssuer: await issuer.mint(benchClaims({ iss: 'https://elsewhere.example.com/realms/shop' })),
    wrongAudience: await issuer.mint(benchClaims({ aud: 'billing-api' })),
    expired: await issuer.mint(benchClaims({ iat: nowS - 7200, exp: nowS - 3600 })),
    badSignature: withBrokenSignature(good),
    missingScope: await issuer.mint(benchClaims({ scope: 'openid email profile' })),
  }
}
