/** The soak itself, for one short cycle: everything in it happens once, and all must go right. */
import { execFile } from 'node:child_process'
import { expect, it } from 'vitest'
import { describeWithRedis } from '../../support/redis.ts'

const ROOT = new URL('../../..', import.meta.url).pathname

function soak(): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['bench/soak/run-soak.ts', '--smoke'], { cwd: ROOT }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    )
  })
}

describeWithRedis('a short soak', () => {
  it('serves good clients among hostile ones, through reloads, a rotation and every fault', {
    timeout: 120_000,
  }, async () => {
    const { code, stdout, stderr } = await soak()
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const done = JSON.parse(/^\{"reloads".*$/m.exec(stdout)?.[0] ?? '{}')
    expect(done.faults).toBeGreaterThanOrEqual(4)
    expect(done.rotations).toBeGreaterThan(0)
    expect(done.reloads).toBeGreaterThan(0)
    expect(done.refusedReloads).toBeGreaterThan(0)
  })
})
