/** Bounds of one generation; the cache holds two. */
export interface TokenCacheBounds {
  readonly entries: number
  /** Sum of the lengths of its tokens. What is kept of a token's claims grows with it. */
  readonly characters: number
}

export interface TokenCache<T> {
  get(token: string): T | undefined
  /** Tokens over 8 KiB are not kept. */
  set(token: string, value: T): void
}

interface Entry<T> {
  readonly token: string
  readonly value: T
}

const MAX_TOKEN_LENGTH = 8 * 1024
/** 256 bits of the signature. Only verified tokens get in, so nobody can choose them to collide. */
const KEY_LENGTH = 43

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/**
 * Values by token, the least recently used forgotten first, roughly: when the young generation is full it becomes the
 * old one, and what was old is dropped. Looked up by the end of the token and compared in full, which is cheaper than
 * hashing all of it. Knows nothing of expiry: whoever reads a value checks that it is still good.
 */
export function createTokenCache<T>(
  bounds: TokenCacheBounds = { entries: 10_000, characters: 16 * 1024 ** 2 },
): TokenCache<T> {
  let young = new Map<string, Entry<T>>()
  let old = new Map<string, Entry<T>>()
  let characters = 0

  function add(key: string, entry: Entry<T>): void {
    if (young.size >= bounds.entries || characters + entry.token.length > bounds.characters) {
      old = young
      young = new Map()
      characters = 0
    }
    characters += entry.token.length - (young.get(key)?.token.length ?? 0)
    young.set(key, entry)
  }

  return {
    get(token) {
      const key = token.slice(-KEY_LENGTH)
      const recent = young.get(key)
      if (recent !== undefined) return recent.token === token ? recent.value : undefined
      const entry = old.get(key)
      if (entry?.token !== token) return undefined
      add(copyOf(key), entry)
      return entry.value
    },
    set(token, value) {
      if (token.length > MAX_TOKEN_LENGTH) return
      const copy = copyOf(token)
      add(copyOf(copy.slice(-KEY_LENGTH)), { token: copy, value })
    },
  }
}

/** A string of its own: V8 makes a slice keep its parent alive, which here is a whole header field. */
function copyOf(text: string): string {
  return decoder.decode(encoder.encode(text))
}
