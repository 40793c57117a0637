import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { ALL_CHECKS, type Check, checkTarget } from '../../../bench/checks.ts'
import { closingAfterEach } from '../../support/keep.ts'

const samples = {
  good: 'good',
  wrongIssuer: 'wrongIssuer',
  wrongAudience: 'wrongAudience',
  expired: 'expired',
  badSignature: 'badSignature',
  missingScope: 'missingScope',
}
const keep = closingAfterEach()

/** A target that lets the good token through, and `lets`. */
async function target(lets: Check | undefined, body = 'body'): Promise<number> {
  const nameOf = (request: IncomingMessage) => request.headers.authorization?.replace('Bearer ', '') ?? 'noToken'
  const server = createServer((request, response) => {
    const name = nameOf(request)
    response.writeHead(name === 'good' || name === lets ? 200 : 401).end(body)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  keep({
    async close() {
      server.closeAllConnections()
      server.close()
    },
  })
  return (server.address() as AddressInfo).port
}

describe('the checks before a measurement', () => {
  it('pass for a target that lets in only the good token', async () => {
    await checkTarget({ port: await target(undefined), checks: ALL_CHECKS }, samples, 'body')
  })

  it.each(ALL_CHECKS)('fail for a target that lets in: %s', async (lets) => {
    const checked = checkTarget({ port: await target(lets), checks: ALL_CHECKS }, samples, 'body')
    await expect(checked).rejects.toThrow(`${lets} was not refused but got 200`)
  })

  it('fail for a target that answers with something else than the upstream', async () => {
    const checked = checkTarget({ port: await target(undefined, 'welcome'), checks: [] }, samples, 'body')
    await expect(checked).rejects.toThrow('a good token got 200 welcome')
  })
})
