import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError, type QuotaReport } from '../../../src/errors.ts'
import { toClientNetwork } from '../../../src/rate-limiting/client-network.ts'
import { readFormField } from '../../../src/rate-limiting/form-field.ts'
import { addRateLimitFields } from '../../../src/rate-limiting/rate-limit-headers.ts'
import { holds } from '../../support/cases.ts'

/** Pairs of a form, read byte by byte as section 5.1 of the URL Standard says. */
function pairsOf(body: Uint8Array): [string, string][] {
  const plain = Buffer.from(body).toString('latin1')
  return plain
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name, ...rest] = pair.split('=')
      return [decode(name as string), decode(rest.join('='))]
    })
}

function decode(text: string): string {
  const bytes = text
    .replaceAll('+', ' ')
    .replace(/%([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.from(bytes, 'latin1'))
}

describe('readFormField: properties', () => {
  const pieces = [
    'username',
    'USERNAME',
    'user%6eame',
    'a',
    '=',
    '&',
    '+',
    '%20',
    '%',
    '%zz',
    'Ä',
    '%c3',
    '?',
    '\0',
    '%26',
    '%3d',
  ]
  const form = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.array(fc.constantFrom(...pieces), { maxLength: 10 }).map((it) => Buffer.from(it.join(''))),
    },
    fc.uint8Array({ maxLength: 30 }).map((it) => Buffer.from(it)),
  )

  it('reads the one value that an independent parser reads, and refuses two', () => {
    holds(
      fc.property(form, (body) => {
        const values = pairsOf(body).flatMap(([name, value]) => (name === 'username' ? [value] : []))
        try {
          const value = readFormField(body, 'username')
          expect([values.length < 2, value]).toEqual([true, values[0]?.trim().toLowerCase()])
        } catch (error) {
          if (!(error instanceof GatewayError)) throw error
          expect([error.code, values.length > 1]).toEqual(['malformed_request', true])
        }
      }),
      { usual: 1000, nightly: 200_000 },
    )
  })
})

/** A list of strings with integers as parameters (RFC 9651 section 4.2), read from left to right. */
function parseList(text: string): [string, Record<string, number>][] {
  const items: [string, Record<string, number>][] = []
  let rest = text
  for (;;) {
    const match = /^"((?:[ !\x23-\x5b\x5d-\x7e]|\\["\\])*)"((?:;[a-z*][a-z0-9_.*-]*=-?\d{1,15})*)/.exec(rest)
    if (match === null) throw new Error(`no list: ${text}`)
    const parameters = (match[2] as string)
      .split(';')
      .slice(1)
      .map((it) => it.split('=') as [string, string])
    items.push([
      (match[1] as string).replace(/\\(.)/g, '$1'),
      Object.fromEntries(parameters.map(([k, v]) => [k, Number(v)])),
    ])
    rest = rest.slice(match[0].length)
    if (rest === '') return items
    const comma = /^[ \t]*,[ \t]*(?=.)/.exec(rest)
    if (comma === null) throw new Error(`no list: ${text}`)
    rest = rest.slice(comma[0].length)
  }
}

describe('RateLimit fields: properties', () => {
  const count = fc.nat(1_000_000_000)
  const name = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme-ascii' })
  const quota: fc.Arbitrary<QuotaReport> = fc.record({
    ...{ name, limit: count, windowSeconds: count, remaining: count, resetSeconds: count },
  })

  it('are what an independent parser of Structured Fields reads again', () => {
    holds(
      fc.property(fc.array(quota, { minLength: 1, maxLength: 4 }), (quotas) => {
        const headers: string[] = []
        addRateLimitFields(headers, quotas)
        const [, policy = '', , state = ''] = headers
        expect(parseList(policy)).toEqual(quotas.map((it) => [it.name, { q: it.limit, w: it.windowSeconds }]))
        expect(parseList(state)).toEqual(quotas.map((it) => [it.name, { r: it.remaining, t: it.resetSeconds }]))
      }),
      { usual: 500, nightly: 100_000 },
    )
  })
})

describe('toClientNetwork: properties', () => {
  it('is the same for every spelling of an address, and for all addresses of a network alone', () => {
    const group = fc.nat(0xffff)
    const eight = fc.tuple(group, group, group, group, group, group, group, group)
    holds(
      fc.property(eight, eight, fc.nat(255), ([...one], [...other], bits) => {
        fc.pre(one.slice(0, 6).join() !== '0,0,0,0,0,65535' && !one.slice(0, 5).every((it) => it === 0))
        const write = (groups: number[]) =>
          groups
            .map((it, at) => ((bits >> at) & 1 ? it.toString(16).padStart(4, '0').toUpperCase() : it.toString(16)))
            .join(':')
        const plain = one.map((it) => it.toString(16)).join(':')
        expect(toClientNetwork(write(one))).toBe(toClientNetwork(plain))
        expect(toClientNetwork(new URL(`http://[${plain}]`).hostname.slice(1, -1))).toBe(toClientNetwork(plain))
        const neighbour = [...one.slice(0, 4), ...other.slice(4)]
        expect(toClientNetwork(write(neighbour))).toBe(toClientNetwork(plain))
        const isSame = one.slice(0, 4).join() === other.slice(0, 4).join()
        expect(toClientNetwork(write(other)) === toClientNetwork(plain)).toBe(isSame)
      }),
      { usual: 300, nightly: 100_000 },
    )
  })
})
