/** A bug of the gateway itself: the client learns that there is one, and nothing else. */
import { expect, it } from 'vitest'
import type { Authenticator } from '../../src/authentication/authenticate.ts'
import { loadConfig } from '../../src/config/load.ts'
import { createGateway } from '../../src/gateway.ts'
import { createAdaptor } from '../../src/http/adaptor.ts'
import { Admission } from '../../src/http/admission.ts'
import { createDataServer } from '../../src/http/server.ts'
import type { RequestRecord } from '../../src/observability/request-record.ts'
import { createRuntime, type Services } from '../../src/runtime.ts'
import { request } from '../support/raw-http.ts'

const text = `
version: 1
listen: { host: 127.0.0.1, port: 0 }
upstreams: { app: http://127.0.0.1:1 }
routes: [{ path: /**, to: app, public: for a test }]
`

it('answers 500 without a word about what broke, and the log has the cause', async () => {
  const { config } = loadConfig({ text, file: 'f', env: {}, readFile: () => new Uint8Array(), now: 0 } as never)
  if (config === undefined) throw new Error('the file is bad')
  const runtime = createRuntime(config, {} as Authenticator, 'gateway', Date.now)
  const records: RequestRecord[] = []
  const services: Services = {
    limits: {
      limit: () => [],
      refundAll() {},
      status: () => ({ store: 'memory', breaker: 'closed' }),
      async close() {},
    },
    forward() {
      throw new TypeError('cannot read alice-secret of undefined')
    },
  }
  const admission = new Admission({ inFlight: 1, loopDelayMs: 200 })
  const onFinished = (record: RequestRecord) => records.push(record)
  const app = createGateway({ runtime: () => runtime, services, admission, onFinished })
  const server = createDataServer(config.server, { onExchange: createAdaptor(app, () => {}), onRefused: () => {} })
  const { port } = await server.listen('127.0.0.1', 0)
  try {
    const answer = await request(`http://127.0.0.1:${port}`, ['GET /a HTTP/1.1'])
    expect(answer.status).toBe(500)
    expect(JSON.parse(answer.body)).toMatchObject({ status: 500, code: 'internal_error' })
    expect(answer.text).not.toMatch(/alice|TypeError|undefined|\/src\//)
    expect(records).toMatchObject([{ status: 500, decision: 'failed', reason: 'bug', cause: expect.any(TypeError) }])
  } finally {
    await server.drain(0)
  }
})
