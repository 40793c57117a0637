import { afterEach, describe, expect, it } from 'vitest'
import { createTestClock } from '../support/clock.ts'
import type { Behaviour } from '../support/test-issuer.ts'
import { generateSigningKey, type SigningKey } from '../support/tokens.ts'
import { startTarget, type Target } from './target.ts'

let target: Target | undefined
afterEach(() => target?.close())

const routes = [{ path: '/**', to: 'app', allow: [{ methods: 'any', token: 'any' }] }]

const statusOf = async ({ ask, bearer }: Target, key?: SigningKey) =>
  (await ask('GET /a HTTP/1.1', await bearer({ jti: String(Math.random()) }, { key }))).status

describe('a refresh that brings rubbish', () => {
  const endless: Behaviour = (_request, response) => {
    const send = () => void (response.write(' '.repeat(65_536)) ? setImmediate(send) : response.once('drain', send))
    send()
    response.on('close', () => response.removeAllListeners('drain'))
  }
  const body = (text: string, head: Record<string, string> = {}, status = 200): Behaviour => {
    return (_request, response) => void response.writeHead(status, head).end(text)
  }

  it.each<[string, Behaviour]>([
    ['an error', 'error'],
    ['HTML', 'html'],
    ['600 KiB', 'huge'],
    ['an endless body', endless],
    ['a redirect', 'redirect'],
    ['a permanent redirect', body('', { location: '/elsewhere' }, 301)],
    ['204', body('', {}, 204)],
    ['304', body('', {}, 304)],
    ['an empty set', body('{"keys":[]}')],
    ['a set of null, numbers and lists', body('{"keys":[null,7,[],"key",{}]}')],
    ['a set of symmetric keys', body('{"keys":[{"kty":"oct","k":"c2VjcmV0","alg":"HS256"}]}')],
    ['a set of 10,000 members', body(JSON.stringify({ keys: Array(10_000).fill({}) }))],
    ['what is said to be gzip', body('\x1f\x8b', { 'content-encoding': 'gzip' })],
    ['a repeated member, of which the last counts', body('{"keys":[{"kty":"RSA"}],"keys":[]}')],
  ])('leaves the old keys in force: %s, one fetch', async (_what, behaviour) => {
    const clock = createTestClock()
    const it = await startTarget(() => ({ routes }), clock)
    target = it
    const cached = await it.bearer({ exp: clock.now() / 1000 + 3600 })
    expect((await it.ask('GET /a HTTP/1.1', cached)).status).toBe(200)
    it.issuer.behave('jwks', behaviour)
    clock.advance(600_000)
    await expect.poll(() => it.gateway.logText()).toContain('keys could not be fetched')
    expect((await it.ask('GET /a HTTP/1.1', cached)).status).toBe(200)
    expect(await statusOf(it)).toBe(200)
    expect(it.issuer.fetches.jwks).toBe(2)
  })

  it('of one broken key among good ones leaves out that one', async () => {
    const it = await startTarget(() => ({ routes }))
    target = it
    const good = it.issuer.keys[0]?.publicJwk
    it.issuer.extraKeys = [{ ...good, kid: 'a', n: '!' }, { ...good, kid: 'b', e: 'AQ' }, null]
    expect([await statusOf(it), it.issuer.fetches.jwks]).toEqual([200, 1])
    const next = await it.issuer.rotate()
    expect([await statusOf(it, next), it.issuer.fetches.jwks]).toEqual([200, 2])
  })

  it('whatever the content type says, takes keys that are keys', async () => {
    target = await startTarget(({ issuer }) => {
      issuer.behave(
        'jwks',
        body(JSON.stringify({ keys: [issuer.keys[0]?.publicJwk] }), { 'content-type': 'text/html' }),
      )
      return { routes }
    })
    expect(await statusOf(target)).toBe(200)
  })
})

describe('two keys with one kid', () => {
  it('are both tried, each for its own algorithm', async () => {
    const kid = 'shared'
    const keys = await Promise.all(['RS256', 'RS256', 'ES256'].map((alg) => generateSigningKey(alg, { kid })))
    target = await startTarget(({ issuer }) => {
      issuer.keys = keys
      const algorithms = ['RS256', 'ES256']
      return { issuers: { main: { issuer: issuer.issuer, audience: 'shop-api', algorithms } }, routes }
    })
    for (const key of keys) expect(await statusOf(target, key)).toBe(200)
    const foreign = await generateSigningKey('RS256', { kid })
    expect(await statusOf(target, foreign)).toBe(401)
    expect(target.issuer.fetches.jwks).toBe(1)
  })
})
