/** Work, counted: what many routes share is written down once, not once for each of them. */
import { describe, expect, it } from 'vitest'
import { diff } from '../../../src/authoring/diff.ts'
import { findLosers } from '../../../src/authoring/route-contest.ts'
import type { CorsPolicy, GatewayConfig, RouteConfig } from '../../../src/config/gateway-config.ts'
import { policy } from '../../support/policy-file.ts'

const allow = [{ methods: ['GET'], scopes: 'r' }]
const paths = Array.from({ length: 500 }, (_, index) => `/a${index}`)
const config = policy({ routes: [...paths, '/{x}', '/**'].map((path) => ({ path, to: 'orders', allow })) })

function withCors(cors: CorsPolicy): GatewayConfig {
  return { ...config, routes: config.routes.map((route) => ({ ...route, cors })) }
}

describe('diff', () => {
  it('writes down once what 500 routes share', () => {
    let written = 0
    const toJSON = () => {
      written += 1
      return 'cors'
    }
    const cors = { toJSON } as unknown as CorsPolicy
    expect(diff(withCors(cors), withCors(cors)).routes).toEqual([])
    // Once for each file.
    expect(written).toBe(2)
  })
})

describe('findLosers', () => {
  it('builds one table for each loser and one more, however many routes there are', () => {
    let read = 0
    const counted = config.routes.map((route): RouteConfig => {
      const { path } = route
      return Object.defineProperty({ ...route }, 'path', {
        get: () => {
          read += 1
          return path
        },
      })
    })
    const losers = findLosers({ ...config, routes: counted }, '/a7', counted[7] as RouteConfig)
    expect(losers.map(({ route }) => route.path)).toEqual(['/{x}', '/**'])
    // A table reads each path once; the words about the losers read a few more.
    expect(read).toBeLessThan(3 * counted.length + 20)
  })
})
