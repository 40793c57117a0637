/** The health check of the image, run as a container engine would run it, beside a gateway in each of its states. */
import { execFile } from 'node:child_process'
import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { readProjectFile } from '../../support/documents.ts'
import { openTo } from '../../support/gateway.ts'
import { type GatewayProcess, spawnGateway } from '../../support/gateway-process.ts'
import { closingAfterEach } from '../../support/keep.ts'
import { request } from '../../support/raw-http.ts'
import { startUpstream } from '../../support/upstream.ts'
import { waitFor } from '../../support/wait-for.ts'

const keep = closingAfterEach()
const [, imageCheck = ''] = /^HEALTHCHECK [\s\S]*?CMD (\[.*\])$/m.exec(readProjectFile('Dockerfile')) ?? []

/** Its exit code; 0 is healthy. Another port stands in for the fixed one. */
function check(command: readonly string[], fixedPort: string, url: string): Promise<number> {
  const [, ...args] = command.map((word) => word.replace(fixedPort, new URL(url).port))
  const { NODE_OPTIONS: _, ...env } = process.env
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env }, (error) => resolve(error === null ? 0 : Number(error.code)))
  })
}

const checkImage = ({ adminUrl }: GatewayProcess) => check(JSON.parse(imageCheck), '9090', adminUrl)

describe('the health check of the image', () => {
  it('asks with Node itself, for the image has nothing else', () => {
    expect(JSON.parse(imageCheck)[0]).toBe('node')
  })

  it('is content with a gateway that is ready, not with one that drains, and not with none', async () => {
    const waiting: ServerResponse[] = []
    const upstream = keep(await startUpstream((_incoming, outgoing) => void waiting.push(outgoing)))
    const gateway = await spawnGateway(openTo(upstream.url))
    expect(await checkImage(gateway)).toBe(0)
    const inFlight = request(gateway.url, ['GET / HTTP/1.1'])
    await waitFor('the request to arrive', () => waiting.length === 1)
    gateway.child.kill('SIGTERM')
    await waitFor(
      'the draining',
      async () => (await request(gateway.adminUrl, ['GET /readyz HTTP/1.1'])).status === 503,
    )
    expect(await checkImage(gateway)).toBe(1)
    waiting[0]?.end('ok')
    expect((await inFlight).status).toBe(200)
    expect(await gateway.exited).toBe(0)
    expect(await checkImage(gateway)).toBe(1)
    await gateway.stop()
  })

  it('is not content with a gateway that never had the keys of its issuer', async () => {
    const nobody = 'http://127.0.0.1:1'
    const gateway = await spawnGateway({ ...openTo(nobody), issuers: { main: { issuer: nobody, audience: 'a' } } })
    expect(await checkImage(gateway)).toBe(1)
    await gateway.stop()
  })
})

describe('the health check of the demo services in docker-compose.yml', () => {
  it('asks for any answer', async () => {
    const { services } = parse(readProjectFile('docker-compose.yml'), { merge: true })
    const { test } = services.orders.healthcheck as { test: string[] }
    const upstream = await startUpstream()
    expect(test[0]).toBe('CMD')
    expect(await check(test.slice(1), '8080', upstream.url)).toBe(0)
    await upstream.close()
    expect(await check(test.slice(1), '8080', upstream.url)).toBe(1)
  })
})
