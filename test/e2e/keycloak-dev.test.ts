import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ANY_PORT, answersOf, type Dev, printed, spawnDev } from '../support/dev-command.ts'
import { sharedKeycloak } from '../support/keycloak.ts'
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.ts'

const keycloak = sharedKeycloak()

describeWithRedis('scopegate dev with KEYCLOAK_URL and REDIS_URL', () => {
  describe.skipIf(keycloak === undefined)('and both running', () => {
    let redis: TestRedis
    let dev: Dev

    beforeAll(async () => {
      redis = await startRedis()
      dev = spawnDev(ANY_PORT, { KEYCLOAK_URL: keycloak?.url ?? '', REDIS_URL: redis.url })
      await printed(dev, '/metrics')
    })

    afterAll(async () => {
      dev.child.kill('SIGKILL')
      await redis.stop()
    })

    it('says which it uses', () => {
      expect(dev.output()).toMatch(/^issuer +\S+\/realms\/shop \(Keycloak\)$/m)
      expect(dev.output()).toMatch(/^windows +Redis$/m)
    })

    it('prints lines that work with tokens of Keycloak, counted in Redis', async () => {
      const answers = [...(await answersOf(dev))]
      const answer = (start: string) => answers.find(([shows]) => shows.startsWith(start))?.[1] ?? ''
      expect(answer('200: the scope')).toMatch(/^HTTP\/1.1 200/)
      expect(answer('401')).toMatch(/^HTTP\/1.1 401/)
      expect(answer('403')).toMatch(/^HTTP\/1.1 403/)
      expect(answer('201 three times').trim().split('\n')).toEqual(['201', '201', '201', '429'])
      expect(Number(await redis.command('DBSIZE'))).toBeGreaterThan(0)
    })

    it('stops on SIGTERM', async () => {
      dev.child.kill('SIGTERM')
      expect(await dev.exited).toBe(0)
    })
  })
})
