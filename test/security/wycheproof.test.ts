/** The JSON Web Signature vectors of Wycheproof: as they are, and what each of them does, done to tokens with real claims. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { hasValidSignature, readJwsHeader } from '../../src/authentication/jws.ts'
import { importKeySet } from '../../src/authentication/key-set.ts'
import type { Algorithm } from '../../src/config/token-kinds.ts'
import { INVALID_TOKEN_REASONS } from '../../src/errors.ts'
import { createTestIssuer, type TestIssuer } from '../support/test-issuer.ts'
import { keycloakClaims } from '../support/tokens.ts'
import { startTarget, type Target } from './target.ts'
import { keyOf, transplant } from './wycheproof-transplant.ts'
import { readVectors, type Vector, type VectorGroup } from './wycheproof-vectors.ts'

const vectors = readVectors()
const groups = vectors?.groups ?? []
const cases = groups.flatMap((group) => group.tests.map((vector) => ({ ...vector, group })))

/** Good JWS that are refused as they are, and why. With real claims they are taken like all others. */
const VALID_BUT_REFUSED: Readonly<Record<string, string>> = {
  emptyPayload: 'A token has claims: a JWS without a payload is none.',
}

const BAD_SIGNATURE = INVALID_TOKEN_REASONS.token_signature

let target: Target
let issuers: Map<string, TestIssuer>

beforeAll(async () => {
  if (groups.length === 0) return
  issuers = new Map()
  for (const group of groups) {
    issuers.set(group.name, await createTestIssuer({ key: await keyOf(group), realm: group.name }))
  }
  target = await startTarget(() => ({
    issuers: Object.fromEntries(
      groups.map(({ name, public: { alg } }) => [
        name,
        { issuer: issuers.get(name)?.issuer, audience: 'shop-api', algorithms: [alg] },
      ]),
    ),
    routes: groups.map(({ name }) => ({
      path: `/${name}/**`,
      to: 'app',
      issuer: name,
      allow: [{ methods: 'any', token: 'any' }],
    })),
  }))
})

afterAll(async () => {
  await target?.close()
  for (const issuer of issuers?.values() ?? []) await issuer.close()
})

beforeEach(() => target?.upstream.clear())

const send = (token: string, { name }: VectorGroup) =>
  target.ask(`GET /${name}/1 HTTP/1.1`, `Authorization: Bearer ${token}`)

const newClaims = ({ name }: VectorGroup) =>
  keycloakClaims('access', issuers.get(name)?.issuer ?? '', {}, { nowMs: Date.now() })

/** Below the claims: most payloads are no JSON. */
async function isAccepted(jws: string, group: VectorGroup): Promise<boolean> {
  const keySet = await importKeySet({ keys: [group.public] }, [group.public.alg as Algorithm])
  try {
    const { alg, kid } = readJwsHeader(jws)
    return await hasValidSignature(jws, alg, keySet.candidates(kid, alg))
  } catch (error) {
    expect(error).toEqual(expect.objectContaining({ code: 'invalid_token' }))
    return false
  }
}

/** Refused, and nothing went on; why, in the public text. What is no token at all makes a malformed field (RFC 6750). */
async function refusalOf(token: string, group: VectorGroup): Promise<string> {
  const answer = await send(token, group)
  const { code, detail } = JSON.parse(answer.body) as { code: string; detail: string }
  expect([answer.status, code]).toEqual(token === '' ? [400, 'invalid_request'] : [401, 'invalid_token'])
  expect(target.upstream.text()).toBe('')
  return detail
}

/** Nothing but the signature is odd: then it must be what the token is refused for. */
function isOnlySignature({ jws }: Pick<Vector, 'jws'>, { tests }: VectorGroup): boolean {
  const [header, payload, signature] = jws.split('.')
  return (
    signature !== undefined &&
    signature !== '' &&
    tests.some(({ jws: good, result }) => result === 'valid' && good.startsWith(`${header}.${payload}.`))
  )
}

describe.skipIf(vectors === undefined)('Wycheproof JWS vectors', () => {
  it('are all there, and each has its own test', () => {
    expect(groups.map(({ public: { alg } }) => alg)).toEqual(expect.arrayContaining(['RS256', 'PS256', 'ES256']))
    expect(cases).toHaveLength(vectors?.count ?? 0)
    expect(new Set(cases.map(({ tcId }) => tcId)).size).toBe(cases.length)
    expect(new Set(cases.map(({ result }) => result))).toEqual(new Set(['valid', 'invalid']))
  })

  it.each(cases)('as it is: $result $tcId $comment', async ({ jws, group, result, comment }) => {
    expect(await isAccepted(jws, group)).toBe(result === 'valid' && VALID_BUT_REFUSED[comment] === undefined)
    await refusalOf(jws, group)
  })

  it.each(cases)('with real claims: $result $tcId $comment', async ({ group, ...vector }) => {
    const tokens = await transplant(group, vector as Vector, () => newClaims(group))
    expect(tokens.length).toBeGreaterThan(0)
    for (const token of tokens) {
      if (vector.result === 'valid') expect((await send(token, group)).status).toBe(200)
      else if (isOnlySignature(vector, group)) expect(await refusalOf(token, group)).toBe(BAD_SIGNATURE)
      else await refusalOf(token, group)
    }
  })
})
