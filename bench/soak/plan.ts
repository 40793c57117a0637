/** What happens around the traffic: reloads, rotations and faults, again in each cycle. */
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import type { FaultLog } from './faults.ts'
import type { Shop } from './shop.ts'

export interface Disturbances {
  readonly done: Readonly<Record<'reloads' | 'refusedReloads' | 'rotations', number>>
  /** What did not happen as it must. */
  readonly complaints: readonly string[]
  /** No more of them; resolves when the last one is over. */
  stop(): Promise<void>
}

export const FAULTS_IN_A_CYCLE = 4
const RELOADS_IN_A_CYCLE = 10
const BROKEN_EVERY = 4
const SEEN_WITHIN_MS = 10_000

export function startDisturbances(shop: Shop, faults: FaultLog, cycleMs: number): Disturbances {
  const ending = new AbortController()
  const done = { reloads: 0, refusedReloads: 0, rotations: 0 }
  const complaints: string[] = []
  const at = (part: number) => sleep(part * cycleMs, undefined, { signal: ending.signal })

  async function whileBroken(
    name: 'redis' | 'issuer' | 'upstream',
    part: number,
    broken: () => unknown,
    mended: () => unknown,
  ) {
    const end = faults.begin(name)
    await broken()
    // What is broken is mended, also when the soak ends meanwhile.
    await at(part).catch(() => {})
    await mended()
    end()
  }

  async function breakThings(): Promise<void> {
    const { redis, issuer, upstream, users } = shop
    for (;;) {
      await at(0.05)
      await users.publishKey()
      await at(0.1)
      await whileBroken('redis', 0.05, redis.pause, redis.resume)
      await at(0.1)
      users.useNewestKey()
      done.rotations++
      await at(0.1)
      await whileBroken(
        'issuer',
        0.1,
        () => issuer.behave('jwks', 'reset'),
        () => issuer.behave('jwks', 'ok'),
      )
      await at(0.1)
      await whileBroken('upstream', 0.04, upstream.down, upstream.up)
      await at(0.16)
      await whileBroken('redis', 0.04, redis.kill, redis.restart)
      await at(0.16)
    }
  }

  async function reload(): Promise<void> {
    for (let change = 1; ; change++) {
      await at(1 / RELOADS_IN_A_CYCLE)
      const isBroken = change % BROKEN_EVERY === 0
      const text = stringify(shop.file(change))
      const result = isBroken ? 'refused' : 'applied'
      const name = `scopegate_config_reloads_total{result="${result}"}`
      const before = (await shop.gateway.metrics()).get(name) ?? 0
      await shop.gateway.rewrite(isBroken ? text.replace('allow:', 'alow:') : text)
      const deadline = performance.now() + SEEN_WITHIN_MS
      while (((await shop.gateway.metrics()).get(name) ?? 0) === before) {
        if (performance.now() > deadline) {
          complaints.push(`reload ${change} was not ${result}`)
          break
        }
        await sleep(50)
      }
      if (isBroken) done.refusedReloads++
      else done.reloads++
    }
  }

  const ended = (error: Error) => {
    if (!ending.signal.aborted) complaints.push(error.message)
  }
  const running = [breakThings().catch(ended), reload().catch(ended)]
  return {
    done,
    complaints,
    async stop() {
      ending.abort()
      await Promise.all(running)
    },
  }
}
