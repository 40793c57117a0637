/** Signatures that are wrong, or odd, in the way of a vector, made anew for another text with the vector's private key. */
import {
  constants,
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  privateEncrypt,
  publicDecrypt,
} from 'node:crypto'
import type { VectorGroup } from './wycheproof-vectors.ts'

const RSA_BYTES = 256
const HASH_BYTES = 32
/** Where the masked data block of EMSA-PSS ends and the hash begins (RFC 8017 section 9.1.1). */
const DB_BYTES = RSA_BYTES - HASH_BYTES - 1
/** The length octet before a digest that lacks its first octet. */
const SHORT_LENGTH = HASH_BYTES - 1

export interface Odd {
  /** The vector's signature, and what it signs. */
  readonly signature: Buffer
  readonly input: string
}

const sha256 = (...parts: (string | Uint8Array)[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest()

function xor(a: Uint8Array, b: Uint8Array): Buffer {
  return Buffer.from(a.map((byte, index) => byte ^ (b[index] as number)))
}

const publicKeyOf = (group: VectorGroup) => createPublicKey({ key: group.public, format: 'jwk' })
const privateKeyOf = (group: VectorGroup) => createPrivateKey({ key: group.private, format: 'jwk' })
const raw = (key: KeyObject) => ({ key, padding: constants.RSA_NO_PADDING })

/** PKCS #1 v1.5: the same encoded message around the digest of `input`. What holds no digest stays as it is. */
export function oddPkcs1(group: VectorGroup, odd: Odd, input: string): Buffer {
  const message = publicDecrypt(raw(publicKeyOf(group)), odd.signature)
  const [old, change] = [sha256(odd.input), xor(sha256(odd.input), sha256(input))]
  const start = startOfDigest(message, old)
  if (start !== undefined) {
    const lacksFirst = message[start] === SHORT_LENGTH
    const end = Math.min(start + HASH_BYTES, RSA_BYTES)
    for (let at = start + (lacksFirst ? 1 : 0); at < end; at += 1) {
      message[at] = (message[at] as number) ^ (change[at - start] as number)
    }
    // A digest in two pieces: the first octet stands before the head of the second one.
    if (lacksFirst && message[start - 2] === old[0]) message[start - 2] = (old[0] as number) ^ (change[0] as number)
  }
  return privateEncrypt(raw(privateKeyOf(group)), message)
}

/** Where the digest begins, the first or the last octet of which may differ or be gone. */
function startOfDigest(message: Buffer, digest: Buffer): number | undefined {
  const withoutLast = message.indexOf(digest.subarray(0, -1))
  if (withoutLast !== -1) return withoutLast
  const withoutFirst = message.indexOf(digest.subarray(1))
  return withoutFirst === -1 ? undefined : withoutFirst - 1
}

/** PSS: the same data block, and the hash as right or as wrong as that of the vector. */
export function oddPss(group: VectorGroup, odd: Odd, input: string): Buffer {
  const message = publicDecrypt(raw(publicKeyOf(group)), odd.signature)
  const hash = message.subarray(DB_BYTES, -1)
  const block = xor(message.subarray(0, DB_BYTES), mask(hash))
  block[0] = (block[0] as number) & 0x7f
  const next = hashLike(hash, block, sha256(odd.input), sha256(input))
  const masked = xor(block, mask(next))
  masked[0] = (masked[0] as number) & 0x7f
  return privateEncrypt(raw(privateKeyOf(group)), Buffer.concat([masked, next, message.subarray(-1)]))
}

function hashLike(hash: Buffer, block: Buffer, from: Buffer, to: Buffer): Buffer {
  const hashOf = (digest: Buffer, salt: Uint8Array) => sha256(Buffer.alloc(8), digest, salt)
  for (let saltBytes = 0; saltBytes <= DB_BYTES; saltBytes += 1) {
    const salt = block.subarray(DB_BYTES - saltBytes)
    if (hashOf(from, salt).equals(hash)) return hashOf(to, salt)
  }
  const salt = block.subarray(-HASH_BYTES)
  return xor(hashOf(to, salt), xor(hash, hashOf(from, salt)))
}

/** MGF1 (RFC 8017 appendix B.2.1) for a data block. */
function mask(seed: Uint8Array): Buffer {
  const blocks = Array.from({ length: Math.ceil(DB_BYTES / HASH_BYTES) }, (_, index) =>
    sha256(seed, Buffer.from([0, 0, 0, index])),
  )
  return Buffer.concat(blocks).subarray(0, DB_BYTES)
}

export const toNumber = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`)

export function toBytes(value: bigint, length: number): Buffer {
  return Buffer.from(value.toString(16).padStart(length * 2, '0'), 'hex')
}

/** ECDSA: r and s as far from good ones as those of the vector are from `good`, written as wide. */
export function oddEcdsa(vector: Buffer, good: Buffer, own: Buffer): Buffer {
  if (vector.subarray(0, good.length).equals(good)) return Buffer.concat([own, vector.subarray(good.length)])
  const [r, s, goodR, goodS, ownR, ownS] = [vector, good, own].flatMap(halves) as [
    ...[bigint, bigint, bigint, bigint, bigint, bigint],
  ]
  const width = vector.length / 2
  // To each signature (r, s) there is another good one, (r, n - s), and most vectors start from that.
  const oddS = s === goodS ? ownS : s + goodS - ownS
  return Buffer.concat([toBytes(r - goodR + ownR, width), toBytes(oddS, width)])
}

function halves(signature: Buffer): [bigint, bigint] {
  const half = signature.length / 2
  return [toNumber(signature.subarray(0, half)), toNumber(signature.subarray(half))]
}
