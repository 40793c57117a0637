/** What every UpstreamClient promises, over real sockets. */
import { afterEach, beforeEach, describe } from 'vitest'
import type { UpstreamClient } from '../../src/forwarding/upstream-client.ts'
import { closingAfterEach } from '../support/keep.ts'
import { describeAnswers } from './upstream-client-answers.contract.ts'
import { describeConnections } from './upstream-client-connections.contract.ts'
import { describeEnds } from './upstream-client-ends.contract.ts'
import { describeRequests } from './upstream-client-requests.contract.ts'
import { describeTls } from './upstream-client-tls.contract.ts'

export interface ClientUnderTest {
  /** A new one for each test. */
  readonly client: () => UpstreamClient
  readonly keep: ReturnType<typeof closingAfterEach>
  /** It takes some answers that it should refuse. The contract names them. */
  readonly isLax: boolean
}

export function describeUpstreamClient(name: string, create: () => UpstreamClient, { isLax = false } = {}): void {
  describe(`UpstreamClient: ${name}`, () => {
    let client: UpstreamClient
    const keep = closingAfterEach()
    beforeEach(() => {
      client = create()
    })
    // Not waited for: a test may have left an exchange that never ends, and closes its upstream only now.
    afterEach(() => void client.close().catch(() => {}))
    const under: ClientUnderTest = { client: () => client, keep, isLax }

    describe('answers', () => describeAnswers(under))
    describe('requests', () => describeRequests(under))
    describe('connections', () => describeConnections(under))
    describe('TLS', () => describeTls(under))
    describeEnds(under)
  })
}
