import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { routeScopeFile, type Stages } from '../../../bench/targets/gateway.ts'
import { loadConfig } from '../../../src/config/load.ts'

const at = {
  port: 18080,
  issuer: 'http://127.0.0.1:18000/realms/shop',
  jwksUrl: 'http://127.0.0.1:18000/realms/shop/protocol/openid-connect/certs',
  upstreamPort: 18081,
  redisUrl: 'redis://127.0.0.1:16379',
}

function load(stages: Stages) {
  const text = stringify(routeScopeFile(stages, at))
  return loadConfig({ text, file: 'bench.yaml', env: {}, now: Date.now(), readFile: () => ({ text: '' }) as never })
}

describe('the route-scope file of a row', () => {
  it.each<Stages>([
    { access: 'public' },
    { access: 'any token' },
    { access: 'scope' },
    { access: 'scope', limit: 'memory' },
    { access: 'scope', limit: 'redis', accessLog: true, upstreamClient: 'lean' },
  ])('is one that loads: %j', (stages) => {
    expect(load(stages)).not.toHaveProperty('problems')
  })

  it('switches on what the row says, and nothing else', () => {
    expect(routeScopeFile({ access: 'any token' }, at)).toMatchObject({
      log: { access: 'none' },
      defaults: { issuer: 'main' },
      routes: [{ allow: [{ methods: ['GET'], token: 'any' }] }],
    })
    expect(routeScopeFile({ access: 'any token' }, at)).not.toHaveProperty('rateLimits')
    expect(routeScopeFile({ access: 'scope', limit: 'memory', accessLog: true }, at)).toMatchObject({
      log: { access: 'all' },
      defaults: { rateLimits: ['per-user'] },
      routes: [{ allow: [{ methods: ['GET'], scopes: 'orders:read' }] }],
    })
  })
})
