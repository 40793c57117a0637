import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createTestIssuer } from '../support/test-issuer.ts'
import { startTarget, type Target } from './target.ts'

let direct: Target
let behindProxy: Target

const file = {
  rateLimits: {
    'per-ip': { limit: 3, window: '1h', key: 'client.ip', when: 'before-auth' },
    'per-key': { limit: 3, window: '1h', key: 'header.X-Api-Key' },
    'per-user': { limit: 3, window: '1h', key: 'token.sub' },
    'per-tenant': { limit: 3, window: '1h', key: 'token.tenant' },
    login: { limit: 3, window: '1h', key: 'form.username', when: 'before-auth' },
  },
  routes: ['per-ip', 'per-key', 'per-user', 'per-tenant', 'login'].map((name) => ({
    path: `/${name}/**`,
    to: 'app',
    rateLimits: [name],
    ...(name === 'per-ip' || name === 'login'
      ? { public: 'for tests' }
      : { allow: [{ methods: 'any', token: 'any' }] }),
  })),
}

beforeAll(async () => {
  direct = await startTarget(() => file)
  behindProxy = await startTarget(() => ({ ...file, trustedProxies: ['127.0.0.1'] }))
})
afterAll(async () => {
  await direct.close()
  await behindProxy.close()
})
beforeEach(() => direct.upstream.clear())

/** Statuses of requests sent one after the other, one for each list of fields. */
async function statuses(target: Target, path: string, requests: readonly (readonly string[])[]): Promise<number[]> {
  const answers: number[] = []
  for (const fields of requests) answers.push((await target.ask(`GET ${path} HTTP/1.1`, ...fields)).status)
  return answers
}

describe('ways around a limit', () => {
  it('does not open a new window for a spoofed client address', async () => {
    const spoofed = [
      ['X-Forwarded-For: 203.0.113.1'],
      ['X-Forwarded-For: 203.0.113.2, 203.0.113.3'],
      ['Forwarded: for=203.0.113.4'],
      ['X-Real-IP: 203.0.113.5'],
      ['True-Client-IP: 203.0.113.6', 'X-Client-IP: 203.0.113.6', 'CF-Connecting-IP: 203.0.113.6'],
      ['X_Forwarded_For: 203.0.113.7'],
    ]
    expect(await statuses(direct, '/per-ip/a', spoofed)).toEqual([200, 200, 200, 429, 429, 429])
  })

  it('counts the same client through a trusted proxy, however its address is written', async () => {
    const written = ['203.0.113.9', '::ffff:203.0.113.9', '203.0.113.9:1234', '9.9.9.9, 203.0.113.9'].map((address) => [
      `X-Forwarded-For: ${address}`,
    ])
    expect(await statuses(behindProxy, '/per-ip/a', written)).toEqual([200, 200, 200, 429])
    expect(await statuses(behindProxy, '/per-ip/a', [['X-Forwarded-For: 203.0.113.10']])).toEqual([200])
  })

  it('counts an IPv6 network of /64 as one client', async () => {
    const hosts = ['2001:db8::1', '2001:DB8:0:0:ffff::2', '[2001:db8::3]:80', '2001:0db8:0000:0000:a:b:c:d']
    const requests = hosts.map((address) => [`X-Forwarded-For: ${address}`])
    expect(await statuses(behindProxy, '/per-ip/b', requests)).toEqual([200, 200, 200, 429])
    expect(await statuses(behindProxy, '/per-ip/b', [['X-Forwarded-For: 2001:db8:0:1::1']])).toEqual([200])
  })

  it('counts every path and spelling of a route in the same window', async () => {
    const answers: number[] = []
    for (const path of ['/per-user/a', '/per-user/b?x=1', '/per-user/%61/', '/p%65r-user']) {
      answers.push((await direct.ask(`GET ${path} HTTP/1.1`, await direct.bearer({ sub: 'paths' }))).status)
    }
    expect(answers).toEqual([200, 200, 200, 429])
  })

  it('counts by subject: another token of the same subject opens no window, and another subject is not blocked', async () => {
    const answers: number[] = []
    for (const sub of ['same', 'same', 'same', 'same', 'other']) {
      answers.push(
        (await direct.ask('GET /per-user/a HTTP/1.1', await direct.bearer({ sub, jti: Math.random() }))).status,
      )
    }
    expect(answers).toEqual([200, 200, 200, 429, 200])
  })

  it('counts the same subject of another issuer in a window of its own', async () => {
    const other = await createTestIssuer({ realm: 'other' })
    const target = await startTarget(({ issuer }) => ({
      ...file,
      issuers: {
        main: { issuer: issuer.issuer, audience: 'shop-api' },
        other: { issuer: other.issuer, audience: 'shop-api' },
      },
      defaults: { issuer: ['main', 'other'] },
    }))
    try {
      const ours = await target.bearer({ sub: 'alice' })
      const theirs = `Authorization: Bearer ${await other.mint({ sub: 'alice' })}`
      const answers = await statuses(target, '/per-user/a', [
        [ours],
        [ours],
        [ours],
        [ours],
        [theirs],
        [ours],
        [theirs],
      ])
      expect(answers).toEqual([200, 200, 200, 429, 200, 429, 200])
    } finally {
      await target.close()
      await other.close()
    }
  })

  it.each([
    ['/per-key/a', 'the field is missing', {}],
    ['/per-tenant/a', 'the claim is missing', {}],
    ['/per-tenant/b', 'the claim is an object', { tenant: {} }],
  ])('counts on %s also when %s', async (path, _, claims) => {
    const token = await direct.bearer({ sub: 'x', ...claims })
    const answers = await statuses(direct, path, [[token], [token], [token], [token]])
    expect(answers.at(-1)).toBe(429)
  })

  it('counts a form by its first and its last spelling alike', async () => {
    const answers: number[] = []
    for (const form of ['username=alice', 'user%6eame=alice', 'x=1&username=al%69ce', 'username=alice&password=x']) {
      const came = await direct.send(
        `POST /login/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${form.length}\r\n\r\n${form}`,
      )
      answers.push(Number(came.slice(9, 12)))
    }
    expect(answers).toEqual([200, 200, 200, 429])
    expect(direct.upstream.taken.map(({ body }) => body)).toEqual([
      'username=alice',
      'user%6eame=alice',
      'x=1&username=al%69ce',
    ])
  })

  it('counts refused tokens before authentication, so that guessing is limited', async () => {
    const target = await startTarget(() => ({
      rateLimits: { 'per-ip': { limit: 2, window: '1h', key: 'client.ip', when: 'before-auth' } },
      defaults: { rateLimits: ['per-ip'] },
      routes: [{ path: '/a', to: 'app', allow: [{ methods: 'any', token: 'any' }] }],
    }))
    try {
      const bad = ['Authorization: Bearer x.y.z']
      expect(await statuses(target, '/a', [bad, bad, bad])).toEqual([401, 401, 429])
      expect(await statuses(target, '/nowhere', [[], [await target.bearer()]])).toEqual([429, 429])
    } finally {
      await target.close()
    }
  })

  it.each(['memory'])('admits exactly the limit of twice as many requests at once (%s)', async () => {
    const target = await startTarget(() => ({
      rateLimits: { fifty: { limit: 50, window: '1h', key: 'token.sub' } },
      routes: [{ path: '/a', to: 'app', rateLimits: ['fifty'], allow: [{ methods: 'any', token: 'any' }] }],
    }))
    try {
      const token = await target.bearer()
      const answers = await Promise.all(Array.from({ length: 100 }, () => target.ask('GET /a HTTP/1.1', token)))
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(50)
      expect(answers.filter(({ status }) => status === 429)).toHaveLength(50)
      expect(target.upstream.taken).toHaveLength(50)
    } finally {
      await target.close()
    }
  })
})
