import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ListenOptions } from 'node:net'
import { describe, expect, it } from 'vitest'
import { openTo, startGateway } from '../../support/gateway.ts'

/** The kernel cuts it to its own limit, which is 4,096 on Linux unless somebody changed it. */
const DEFAULT_SOMAXCONN = 4096

describe('clients who connect all at once', () => {
  it('may wait in as long a queue as the kernel allows', async () => {
    const listens: ListenOptions[] = []
    const onListen = (message: unknown) => void listens.push((message as { options: ListenOptions }).options)
    subscribe('tracing:net.server.listen:asyncStart', onListen)
    const gateway = await startGateway({ ...openTo('http://127.0.0.1:9'), admin: false })
    unsubscribe('tracing:net.server.listen:asyncStart', onListen)
    await gateway.close()
    expect(listens).toHaveLength(1)
    expect(listens[0]?.backlog).toBeGreaterThanOrEqual(DEFAULT_SOMAXCONN)
  })
})
