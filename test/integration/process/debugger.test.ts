/** Node's debugger runs any code in the process for whoever connects to it. It opens at SIGUSR1, unless that is prevented. */
import { describe, expect, it } from 'vitest'
import { openTo } from '../../support/gateway.ts'
import { spawnGateway } from '../../support/gateway-process.ts'
import { closingAfterEach } from '../../support/keep.ts'
import { request } from '../../support/raw-http.ts'
import { startUpstream } from '../../support/upstream.ts'
import { waitFor } from '../../support/wait-for.ts'
import { spawnWorkers, type WorkersProcess } from '../../support/workers.ts'

const keep = closingAfterEach()

/** Both answer, after the debugger would have opened. */
async function answers(gateway: { readonly url: string; readonly adminUrl: string }): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    expect((await request(gateway.url, ['GET / HTTP/1.1'])).status).toBe(200)
    expect((await request(gateway.adminUrl, ['GET /livez HTTP/1.1'])).status).toBe(200)
  }
}

describe('SIGUSR1', () => {
  it('opens no debugger, and changes nothing', async () => {
    const upstream = keep(await startUpstream())
    const gateway = await spawnGateway(openTo(upstream.url))
    process.kill(gateway.child.pid as number, 'SIGUSR1')
    await answers(gateway)
    expect(await gateway.stop()).toBe(0)
    expect(gateway.output()).not.toMatch(/debugger|inspector/i)
  })

  it('opens none in the workers and their primary either', async () => {
    const upstream = keep(await startUpstream())
    const gateway: WorkersProcess = keep(await spawnWorkers(openTo(upstream.url)))
    await waitFor('both workers', () => gateway.workers().every((pid) => pid > 0))
    for (const pid of [...gateway.workers(), gateway.child.pid as number]) process.kill(pid, 'SIGUSR1')
    await answers(gateway)
    expect(await gateway.stop()).toBe(0)
    expect(gateway.output()).not.toMatch(/debugger|inspector/i)
  })
})
