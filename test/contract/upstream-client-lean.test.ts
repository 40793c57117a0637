import { createLeanUpstreamClient } from '../../src/forwarding/lean-upstream-client.ts'
import { describeUpstreamClient } from './upstream-client.contract.ts'

describeUpstreamClient('lean', () => createLeanUpstreamClient())
