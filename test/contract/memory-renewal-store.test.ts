import { createMemoryRenewalStore } from '../../src/sessions/renewal-store.ts'
import { describeRenewalStore } from './renewal-store.contract.ts'

describeRenewalStore('the renewal store of one process', async () => ({
  ...createMemoryRenewalStore(() => performance.now()),
  stop: async () => {},
}))
