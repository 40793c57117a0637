/** Encrypted and authenticated texts: JWE (RFC 7516) in compact form, `dir` and `A256GCM`. */
import { type CompactDecryptGetKey, CompactEncrypt, compactDecrypt, decodeProtectedHeader } from 'jose'

/** What a sealed text is for; one sealed for something else does not open. */
export type Purpose = 'session' | 'login' | 'renewal'

export interface SealKey {
  /** `kid` in the header. */
  readonly id: string
  /** 32 bytes in base64. */
  readonly secret: string
}

export interface Sealer {
  /** With the first key. */
  seal(purpose: Purpose, value: unknown): Promise<string>
  /** With any of the keys. Undefined: sealed by nobody who has one, for another purpose, or changed in whatever way. */
  open(purpose: Purpose, text: string): Promise<unknown>
  /** Whether it says that it was sealed for this with a key which is not among ours: one that others have already, or still. */
  isOfOtherKey(purpose: Purpose, text: string): boolean
}

const OPTIONS = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] }

/** @param keys the first one encrypts, all decrypt; at least one */
export function createSealer(keys: readonly SealKey[]): Sealer {
  const byId = new Map(keys.map(({ id, secret }) => [id, Uint8Array.from(Buffer.from(secret, 'base64'))]))
  const kid = (keys[0] as SealKey).id
  const first = byId.get(kid) as Uint8Array

  const keyFor = (purpose: Purpose): CompactDecryptGetKey<Uint8Array> => {
    return (header) => {
      const key = byId.get(String(header.kid))
      if (key === undefined || header.typ !== typeOf(purpose)) throw new Error('no key')
      return key
    }
  }

  return {
    seal(purpose, value) {
      const header = { alg: 'dir', enc: 'A256GCM', kid, typ: typeOf(purpose) }
      return new CompactEncrypt(new TextEncoder().encode(JSON.stringify(value)))
        .setProtectedHeader(header)
        .encrypt(first)
    },
    async open(purpose, text) {
      if (!text.split('.').every(isCanonical)) return undefined
      try {
        const { plaintext } = await compactDecrypt(text, keyFor(purpose), OPTIONS)
        return JSON.parse(new TextDecoder().decode(plaintext))
      } catch {
        return undefined
      }
    },
    isOfOtherKey(purpose, text) {
      const { typ, kid } = readHeader(text)
      return typ === typeOf(purpose) && typeof kid === 'string' && !byId.has(kid)
    },
  }
}

function readHeader(text: string): { readonly typ?: unknown; readonly kid?: unknown } {
  try {
    return decodeProtectedHeader(text)
  } catch {
    return {}
  }
}

function typeOf(purpose: Purpose): string {
  return `scopegate-${purpose}`
}

/** The last character of a part may hold bits that stand for nothing: another spelling of the same bytes is a changed text. */
function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part
}
