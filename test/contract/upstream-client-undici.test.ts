import { createUndiciUpstreamClient } from '../../src/forwarding/undici-upstream-client.ts'
import { describeUpstreamClient } from './upstream-client.contract.ts'

describeUpstreamClient('undici', createUndiciUpstreamClient, { isLax: true })
