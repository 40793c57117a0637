import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { openTo, startGateway } from '../support/gateway.ts'
import { request } from '../support/raw-http.ts'
import { startRawUpstream } from '../support/upstream.ts'

it('answers 508 to a request that has passed this gateway before (RFC 9110 section 7.6.3)', async () => {
  let gatewayUrl = ''
  let rounds = 0
  const relay = await startRawUpstream((socket) => {
    rounds += 1
    const { port, hostname } = new URL(gatewayUrl)
    const back = connect({ host: hostname, port: Number(port) })
    back.on('error', () => socket.destroy())
    socket.pipe(back).pipe(socket)
  })
  const gateway = await startGateway(openTo(relay.url))
  gatewayUrl = gateway.url
  try {
    for (const via of [[], ['Via: 1.1 other, 1.0 scopegate']]) {
      rounds = 0
      const answer = await request(gateway.url, ['GET /a HTTP/1.1', ...via])
      expect(answer.status).toBe(508)
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'loop_detected' })
      expect(rounds).toBeLessThanOrEqual(1)
    }
  } finally {
    await gateway.close()
    await relay.close()
  }
})
