import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { fingerprintOf } from '../../../src/workers/fingerprint.ts'
import { shareOf } from '../../../src/workers/share-of.ts'

const TEXT = `version: 1
redis: { url: "\${REDIS}", password: { file: p } }
limits: { connections: 101, inFlight: 33 }
upstreams: { a: { urls: ["http://a"], connections: 7 }, b: { urls: ["http://b"], connections: 1 } }
routes:
  - { path: /a, to: a, methods: [GET], public: x }
  - { path: /b, to: b, methods: [GET], public: x }
`

function config({ env = 'redis://r', secret = 's', text = TEXT, now = 0 } = {}) {
  const result = loadConfig({ text, file: 'f', env: { REDIS: env }, readFile: () => secret, now })
  if (result.config === undefined) throw new Error(JSON.stringify(result.problems))
  return result.config
}

describe('the fingerprint of a configuration', () => {
  it('is the same for what does the same, whenever it was read', () => {
    expect(fingerprintOf(config({ now: 1e12 }))).toBe(fingerprintOf(config()))
  })

  it.each([
    ['the environment', { env: 'redis://other' }],
    ['a secret file', { secret: 'other' }],
    ['the text', { text: TEXT.replace('GET', 'POST') }],
    ['a set or a map inside', { text: TEXT.replaceAll('b: {', 'c: {').replace('to: b', 'to: c') }],
  ])('changes with %s', (_, change) => {
    expect(fingerprintOf(config(change))).not.toBe(fingerprintOf(config()))
  })

  it('shows no secret', () => {
    expect(fingerprintOf(config({ secret: 'hunter2' }))).toMatch(/^[\w-]{43}$/)
  })
})

describe('the share of one worker', () => {
  const whole = config()
  const share = shareOf(whole, 2, 1)

  it('has its part of the connections and of the requests in flight, rounded up, in every place that names them', () => {
    expect(share.server.connections).toBe(51)
    expect(share.server.inFlight).toBe(17)
    expect([...share.upstreams.values()].map(({ connections }) => connections)).toEqual([4, 1])
    expect(share.routes.map(({ upstream }) => upstream)).toEqual([...share.upstreams.values()])
  })

  it('is the same as the whole in all else', () => {
    expect(shareOf(whole, 1, 1)).toEqual(whole)
    expect({ ...share, server: null, upstreams: null, routes: null }).toEqual({
      ...whole,
      ...{ server: null, upstreams: null, routes: null },
    })
  })
})
