/** The JSON Web Signature vectors of Wycheproof, read where they lie beside the checkout. */
import { existsSync, readFileSync } from 'node:fs'
import type { JWK } from 'jose'

export interface Vector {
  readonly tcId: number
  readonly comment: string
  readonly result: 'valid' | 'invalid'
  readonly jws: string
}

export interface VectorGroup {
  readonly name: string
  readonly public: JWK & { readonly kid: string; readonly alg: string }
  readonly private: JWK
  readonly tests: readonly Vector[]
}

export interface Vectors {
  readonly groups: readonly VectorGroup[]
  /** Vectors in the whole file, wherever they stand in it. */
  readonly count: number
}

const BESIDE = new URL('../../../shared/vectors/wycheproof-jws.json', import.meta.url).pathname

/**
 * WYCHEPROOF_JWS names another place. Undefined when there is no such file, and then says so; throws where everything
 * must be there (CI=true).
 */
export function readVectors(): Vectors | undefined {
  const file = process.env.WYCHEPROOF_JWS ?? BESIDE
  if (!existsSync(file)) {
    const message = `The Wycheproof tests need ${file} (or WYCHEPROOF_JWS)`
    if (process.env.CI === 'true') throw new Error(message)
    console.warn(`${message}: skipped`)
    return undefined
  }
  const text = readFileSync(file, 'utf8')
  const document = JSON.parse(text) as Record<string, VectorGroup>
  const groups = Object.entries(document).filter(([, value]) => typeof value === 'object')
  return { groups: groups.map(([name, group]) => ({ ...group, name })), count: text.match(/"tcId"/g)?.length ?? 0 }
}
