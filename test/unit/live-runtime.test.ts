import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/authentication/clock.ts'
import { createKeySources } from '../../src/authentication/key-sources.ts'
import { loadConfig } from '../../src/config/load.ts'
import { createLiveRuntime } from '../../src/live-runtime.ts'
import { waitFor } from '../support/wait-for.ts'

const RELOADS = 100

function configOf(version: number) {
  const text = `version: 1
issuers: { main: { issuer: "http://127.0.0.1:1/${version % 3}", audience: a } }
upstreams: { up: "http://127.0.0.1:${1 + version}" }
routes: [{ path: /of-${version}/**, to: up, allow: [{ methods: [GET], token: any }] }]
`
  const { config } = loadConfig({ text, file: 'f', env: {}, readFile: () => '', now: 0 })
  if (config === undefined) throw new Error('the file is bad')
  return config
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}

describe('createLiveRuntime', () => {
  it('lets go of all that a hundred configurations were made into, and keeps the last one', async () => {
    const keySources = createKeySources({ fetch: () => Promise.reject(new Error('nobody there')) })
    const kept: ReadonlySet<string>[] = []
    const client = {
      dispatch() {},
      keepOnly: (origins: ReadonlySet<string>) => void kept.push(origins),
      async close() {},
    }
    const live = createLiveRuntime(configOf(0), {
      keySources,
      client,
      createSessions: () => {
        throw new Error('no file here has a login')
      },
      createTickets: () => {
        throw new Error('no route here takes tickets')
      },
      pseudonym: 'gateway',
      clock: systemClock,
      source: '',
    })
    const made = [new WeakRef(live.current())]
    for (let version = 1; version <= RELOADS; version += 1) {
      const prepared = live.prepare(configOf(version))
      if (version % 10 === 0) {
        prepared.abort()
        continue
      }
      prepared.commit()
      made.push(new WeakRef(live.current()))
    }
    // The last one was given up.
    expect(live.current().config.routes.map(({ path }) => path)).toEqual([`/of-${RELOADS - 1}/**`])
    expect(kept.at(-1)).toEqual(new Set([`http://127.0.0.1:${RELOADS}`]))
    await waitFor('the others to be gone', () => {
      collectGarbage()
      return made.filter((one) => one.deref() !== undefined).length === 1
    })
    expect(made.at(-1)?.deref()).toBe(live.current())
    await live.close()
    await keySources.close()
  })
})
