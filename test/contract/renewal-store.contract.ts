/** What every store of renewals and endings promises. Keys are new each time: the store may be shared. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RenewalStore } from '../../src/sessions/renewal-store.ts'
import { waitFor } from '../support/wait-for.ts'

const LONG_MS = 60_000

/** @param open a store on real time */
export function describeRenewalStore(
  name: string,
  open: () => Promise<RenewalStore & { stop(): Promise<void> }>,
): void {
  describe(name, () => {
    let store: Awaited<ReturnType<typeof open>>
    beforeAll(async () => {
      store = await open()
    })
    afterAll(async () => {
      await store?.close()
      await store?.stop()
    })

    it('finds what was published last, until its time is over', async () => {
      const key = randomUUID()
      expect(await store.find(key)).toBeUndefined()
      await store.publish(key, 'first', LONG_MS)
      await store.publish(key, 'second', LONG_MS)
      expect(await store.find(key)).toBe('second')
      await store.publish(key, 'third', 1)
      await waitFor('the end', async () => (await store.find(key)) === undefined)
    })

    it('gives a claim to one, until it is released or over', async () => {
      const key = randomUUID()
      expect(await store.claim(key, 'a', LONG_MS)).toBe(true)
      expect(await store.claim(key, 'b', LONG_MS)).toBe(false)
      await store.release(key, 'b')
      expect(await store.claim(key, 'b', LONG_MS)).toBe(false)
      await store.release(key, 'a')
      expect(await store.claim(key, 'b', 1)).toBe(true)
      await waitFor('the end', () => store.claim(key, 'c', LONG_MS))
    })

    it('remembers a session that was ended, and no other one, until its time is over', async () => {
      const [ended, other, over] = [randomUUID(), randomUUID(), randomUUID()]
      await store.end(ended, LONG_MS)
      await store.end(over, 1)
      await waitFor('the end', async () => !(await store.hasEnded(over)))
      expect([await store.hasEnded(ended), await store.hasEnded(other)]).toEqual([true, false])
    })
  })
}
