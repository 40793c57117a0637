import { describe, expect, it } from 'vitest'
import { ATTACK, ATTACKS } from '../../../bench/growth/attack.ts'
import { badTokens } from '../../../bench/growth/attack-tokens.ts'
import type { Point } from '../../../bench/growth/section.ts'
import { readJws } from '../../../src/authentication/jws.ts'
import { encode } from '../../support/tokens.ts'

/** One point for each kind of attack, the first without one. */
const points = (shares: readonly number[], mib = 200): Point[] =>
  [1, ...shares].map((share, index) => ({
    size: index + 1,
    values: { good: 20_000 * share, attack: index === 0 ? 0 : 9000, share, mib },
  }))

describe('the growth section of attacks', () => {
  it('keeps its promise when good requests keep half', () => {
    const verdicts = ATTACK.judge(points([0.5, 0.7, 0.6, 0.8]))
    expect(verdicts.map(({ kept }) => kept)).toEqual([true, true, true, true, true])
    expect(verdicts[0]?.text).toBe(
      'beside garbage tokens, good requests keep 0.50 of their throughput: 10,000 req/s (at least 0.5)',
    )
  })

  it('breaks it for the attack that takes more', () => {
    expect(ATTACK.judge(points([0.7, 0.49, 0.6, 0.8])).map(({ kept }) => kept)).toEqual([true, false, true, true, true])
  })

  it('breaks it when a million addresses take the memory', () => {
    expect(ATTACK.judge(points([0.7, 0.7, 0.7, 0.7], 900)).at(-1)).toMatchObject({ kept: false })
  })

  it('gives each point a value for each series', () => {
    expect(ATTACK.series.map(({ id }) => id).sort()).toEqual(Object.keys(points([])[0]?.values ?? {}).sort())
  })

  it('draws a bar for each kind', () => {
    const svg = ATTACK.draw?.(points([0.5, 0.7, 0.6, 0.8]), ['how it was measured']) ?? ''
    for (const { title } of ATTACKS) expect(svg).toContain(`>${title}<`)
    expect(svg).toContain('0.70 ×; 9,000 refused/s')
  })
})

describe('badTokens', () => {
  const header = { alg: 'RS256', typ: 'JWT', kid: 'the key' }
  const claims = { iss: 'https://id.example.com', sub: 'alice' }
  const signature = encode(new Uint8Array(256).fill(7))
  const good = [encode(JSON.stringify(header)), encode(JSON.stringify(claims)), signature].join('.')

  it('makes garbage of three parts, as long as the good token', () => {
    const [token = ''] = badTokens('garbage', good, 1)
    expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
    expect(token.length).toBe(good.length)
    expect(() => readJws(token)).toThrow('invalid_token')
  })

  it('changes the key id and nothing else', () => {
    const [token = ''] = badTokens('unknownKid', good, 1)
    const jws = readJws(token)
    expect(jws).toMatchObject({ header: { alg: 'RS256', typ: 'JWT' }, claims })
    expect(jws.header.kid).not.toBe('the key')
  })

  it('keeps the key id where only the signature is bad', () => {
    const [token = ''] = badTokens('badSignature', good, 1)
    const jws = readJws(token)
    expect(jws.header).toEqual(header)
    expect(jws.claims).toMatchObject({ iss: claims.iss })
    expect(token.split('.')[2]).not.toBe(signature)
  })

  it.each(['garbage', 'unknownKid', 'badSignature'] as const)('makes no token twice: %s', (kind) => {
    expect(new Set(badTokens(kind, good, 100)).size).toBe(100)
  })
})
