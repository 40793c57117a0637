/** What each vector does to a token that says `foo`, done to a token with real claims. */
import { createHmac, createPublicKey } from 'node:crypto'
import { base64url, importJWK } from 'jose'
import { encode, generateSigningKey, type SigningKey, signText } from '../support/tokens.ts'
import { oddEcdsa, oddPkcs1, oddPss, toBytes, toNumber } from './wycheproof-signatures.ts'
import type { Vector, VectorGroup } from './wycheproof-vectors.ts'

/** Says nothing of the text that it stands under: it is sent as it is. */
const CONSTANT = /^(?:r|SignatureIs(?:0|1|n|Nsub1)$)/
/** How often claims are tried until the signature that a vector wants exists for them. */
const TRIES = 20

export async function keyOf(group: VectorGroup): Promise<SigningKey> {
  const { kid, alg } = group.public
  return { alg, kid, privateKey: (await importJWK(group.private, alg)) as CryptoKey, publicJwk: group.public }
}

/**
 * The tokens that stand for a vector: mostly one; several where the vector's secret may have been any of them.
 * @param newClaims makes claims, each time others
 */
export async function transplant(group: VectorGroup, vector: Vector, newClaims: () => unknown): Promise<string[]> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await onto(JSON.stringify(newClaims()), group, vector)
    } catch (error) {
      // An odd encoded message may be above the modulus: there is no such signature.
      if (tries === TRIES || !/too large/i.test(String(error))) throw error
    }
  }
}

async function onto(claims: string, group: VectorGroup, vector: Vector): Promise<string[]> {
  const good = group.tests.find(({ result }) => result === 'valid') as Vector
  const [header = '', payload = '', signature = ''] = good.jws.split('.')
  const token = await signText(String(Buffer.from(header, 'base64url')), claims, await keyOf(group))
  const [, ownPayload = '', ownSignature = ''] = token.split('.')
  const parts = vector.jws.split('.')
  const [first = '', , last = ''] = parts
  if (parts.length === 3 && first !== header && last !== signature && first !== '') {
    return forge(first, ownPayload, claims, group)
  }
  // A good signature goes the way of the odd ones as well: that shows that the way is right.
  const isForSignature = parts.length === 3 && last !== '' && (last !== signature || vector.result === 'valid')
  const own = isForSignature ? await toSignature(vector, good, group, token) : ownSignature
  const swapped = parts.map((part, index) => {
    if (part === '' && index !== 1) return ''
    if (part === header) return header
    if (part === signature || (index === 2 && isForSignature)) return own
    if (part === payload || isOtherText(vector, group)) return ownPayload
    return part === '' ? '' : changed(part, index, claims)
  })
  return [swapped.join('.')]
}

/** The vectors of PSS say various things, none of which matters to them. */
const isOtherText = (vector: Vector, group: VectorGroup) =>
  group.public.alg === 'PS256' && vector.jws.split('.').length === 3

/** A header is sent as it is; of the payload a letter is another one. */
function changed(part: string, index: number, claims: string): string {
  return index === 0 ? part : encode(claims.replace('"sub":"', '"sub":"X'))
}

async function toSignature(vector: Vector, good: Vector, group: VectorGroup, token: string): Promise<string> {
  const [signature, goodSignature, own] = [vector.jws, good.jws, token].map((jws) =>
    Buffer.from(jws.split('.')[2] ?? '', 'base64url'),
  ) as [Buffer, Buffer, Buffer]
  const { comment } = vector
  if (comment === 'rejectsModifiedSignature')
    return encode(Buffer.from([(own[0] as number) ^ 0x40, ...own.subarray(1)]))
  if (CONSTANT.test(comment)) return encode(signature)
  const odd = { signature, input: vector.jws.slice(0, vector.jws.lastIndexOf('.')) }
  const input = token.slice(0, token.lastIndexOf('.'))
  switch (group.public.alg) {
    case 'ES256':
      return encode(oddEcdsa(signature, goodSignature, own))
    case 'RS256':
      return encode(oddPkcs1(group, odd, input))
    default:
      return encode(signature.length === own.length ? oddPss(group, odd, input) : stretched(comment, group, own))
  }
}

/** PSS signatures that are good ones but for their length. */
function stretched(comment: string, group: VectorGroup, own: Buffer): Buffer {
  const zeros = Buffer.alloc(2)
  switch (comment) {
    case 'SignatureIsnotReduced':
      return toBytes(toNumber(own) + toNumber(base64url.decode(group.public.n as string)), own.length + 1)
    case 'prependingZerosToSignature':
      return Buffer.concat([zeros, own])
    case 'appendingZerosToSignature':
      return Buffer.concat([own, zeros])
    case 'truncatedSignature':
      return own.subarray(0, -2)
    default:
      throw new Error(`Nobody has thought about the vector ${comment}`)
  }
}

/** Another header and another signature: made by a key of the attacker, or by the public key as a secret. */
async function forge(part: string, payload: string, claims: string, group: VectorGroup): Promise<string[]> {
  const header = JSON.parse(String(Buffer.from(part, 'base64url'))) as { alg: string; jwk?: object }
  if (header.jwk !== undefined) {
    const evil = await generateSigningKey(header.alg, { kid: group.public.kid })
    return [await signText(JSON.stringify({ ...header, jwk: evil.publicJwk }), claims, evil)]
  }
  if (header.alg !== 'HS256') throw new Error(`Nobody has thought about the header ${JSON.stringify(header)}`)
  return secretsOf(group).map((secret) => {
    const mac = createHmac('sha256', secret).update(`${part}.${payload}`).digest()
    return [part, payload, encode(mac)].join('.')
  })
}

/** The public key in every form that a library might take for a secret. */
export function secretsOf({ public: jwk }: Pick<VectorGroup, 'public'>): Buffer[] {
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  const pem = String(key.export({ type: 'spki', format: 'pem' }))
  const members = [jwk.x, jwk.y, jwk.n].filter((member) => member !== undefined)
  const numbers = members.map((member) => Buffer.from(member, 'base64url'))
  return [
    key.export({ type: 'spki', format: 'der' }),
    Buffer.from(pem),
    Buffer.from(pem.trim()),
    Buffer.from(JSON.stringify(jwk)),
    ...numbers,
    Buffer.concat(numbers),
    Buffer.concat([Buffer.from([4]), ...numbers]),
    ...members.map((member) => Buffer.from(member)),
  ]
}
