import { stringify } from 'yaml'
import type { GatewayConfig } from '../../src/config/gateway-config.ts'
import { loadConfig } from '../../src/config/load.ts'

type File = Readonly<Record<string, unknown>>

/** A file about one issuer and one upstream, of which a test says the routes, and what else it is about. */
export function policyFile(content: File): string {
  return stringify({
    version: 1,
    issuers: { main: { issuer: 'https://id.example/realms/shop', audience: 'shop-api' } },
    upstreams: { orders: 'http://127.0.0.1:1' },
    ...content,
  })
}

/** The configuration of such a file; throws with what is wrong with it. */
export function policy(content: File): GatewayConfig {
  const read = () => {
    throw new Error('does not exist')
  }
  const { config, problems } = loadConfig({
    ...{ text: policyFile(content), file: 'scopegate.yaml', env: {}, readFile: read, now: 0 },
  })
  if (config === undefined) throw new Error(problems.map(({ path, message }) => `${path}: ${message}`).join('\n'))
  return config
}
