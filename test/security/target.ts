/** What the attacks are made on: a whole gateway before a lenient upstream. */

import type { TestClock } from '../support/clock.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { parseAnswer, type RawAnswer, sendRaw } from '../support/raw-http.ts'
import { createTestIssuer, type MintOptions, type TestIssuer } from '../support/test-issuer.ts'
import { type LenientUpstream, startLenientUpstream } from './lenient-upstream.ts'

export interface Target {
  readonly gateway: TestGateway
  readonly issuer: TestIssuer
  readonly upstream: LenientUpstream
  readonly host: string
  /** An Authorization line with a good token, which every scope of the file is in. */
  bearer(claims?: Record<string, unknown>, options?: MintOptions): Promise<string>
  /** Sends lines with a good Host and `Connection: close`; the answer. */
  ask(start: string, ...fields: readonly string[]): Promise<RawAnswer>
  /** Sends bytes as they are; all that came back until the gateway closed. */
  send(bytes: string): Promise<string>
  close(): Promise<void>
}

/**
 * @param file replaces members of the file; `upstream` in it is the lenient one
 * @param clock what the gateway and the issuer's tokens go by; default: the system's
 * @param files beside the route-scope file, by name
 */
export async function startTarget(
  file: (parts: { readonly issuer: TestIssuer; readonly upstream: LenientUpstream }) => Record<string, unknown>,
  clock?: TestClock,
  files: Readonly<Record<string, string>> = {},
): Promise<Target> {
  const issuer = await createTestIssuer(clock && { now: clock.now })
  const upstream = await startLenientUpstream()
  const content = {
    issuers: { main: { issuer: issuer.issuer, audience: 'shop-api' } },
    upstreams: { app: upstream.url },
    ...file({ issuer, upstream }),
  }
  const gateway = await startGateway(content, {}, { ...(clock && { clock }), files })
  const { host } = new URL(gateway.url)
  const send = (bytes: string) => sendRaw(gateway.url, Buffer.from(bytes, 'latin1'))
  return {
    gateway,
    issuer,
    upstream,
    host,
    send,
    bearer: async (claims = {}, options = {}) =>
      `Authorization: Bearer ${await issuer.mint({ scope: 'orders:read orders:write', ...claims }, options)}`,
    async ask(start, ...fields) {
      const lines = [start, `Host: ${host}`, ...fields, 'Connection: close']
      return parseAnswer(await send(`${lines.join('\r\n')}\r\n\r\n`))
    },
    async close() {
      await gateway.close()
      await upstream.close()
      await issuer.close()
    },
  }
}

/** Number of answers in what came back on a connection. */
export function countAnswers(text: string): number {
  return text.split(/HTTP\/1\.1 (?!100)\d{3} /).length - 1
}

/** A route for everything, for any valid token, and a public one. */
export const OPEN_ROUTES = [
  { path: '/**', to: 'app', allow: [{ methods: 'any', token: 'any' }] },
  { path: '/public/**', to: 'app', public: 'for tests' },
]
