import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { importJWK, importSPKI, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { AUDIENCE, mintSamples, publicKeyPem, SCOPE, signerOf, writeTokens } from '../../../bench/tokens.ts'
import { closingAfterEach } from '../../support/keep.ts'
import { createTestIssuer } from '../../support/test-issuer.ts'

const keep = closingAfterEach()

describe('the tokens of the bench', () => {
  it('are good, each of another user, and as Keycloak signs them', async () => {
    const issuer = keep(await createTestIssuer())
    const folder = await mkdtemp(join(tmpdir(), 'scopegate-tokens-'))
    await writeTokens(signerOf(issuer), 3, join(folder, 'tokens.txt'))
    const tokens = (await readFile(join(folder, 'tokens.txt'), 'utf8')).trimEnd().split('\n')
    await rm(folder, { recursive: true })
    const key = await importJWK(issuer.keys[0]?.publicJwk ?? {}, 'RS256')
    const expected = {
      issuer: issuer.issuer,
      audience: AUDIENCE,
      algorithms: ['RS256'],
      requiredClaims: ['exp', 'jti'],
    }
    const verified = await Promise.all(tokens.map((token) => jwtVerify(token, key, expected)))
    expect(new Set(verified.map(({ payload }) => payload.sub)).size).toBe(3)
    for (const { payload, protectedHeader } of verified) {
      expect(protectedHeader).toEqual({ alg: 'RS256', typ: 'JWT', kid: issuer.keys[0]?.kid })
      expect(payload).toMatchObject({ typ: 'Bearer', azp: 'spa', realm_access: { roles: expect.any(Array) } })
      expect(String(payload.scope).split(' ')).toContain(SCOPE)
    }
  })

  it('can be verified with the PEM', async () => {
    const issuer = keep(await createTestIssuer())
    const { good, badSignature } = await mintSamples(issuer)
    const key = await importSPKI(publicKeyPem(issuer), 'RS256')
    await jwtVerify(good, key)
    await expect(jwtVerify(badSignature, key)).rejects.toThrow('signature verification failed')
  })
})
