/** Tests for a new route-scope file: what each line lets through, and what it is there to refuse. */
import type { GatewayConfig, RouteConfig } from '../../config/gateway-config.ts'
import { createExamples, type ExampleRequest, type FindExample, toTestEntry } from '../suggest-test.ts'

/** YAML of the section `tests`; empty when no request gets anywhere. `nowMs` is in ms since the epoch. */
export function draftTests(config: GatewayConfig, nowMs: number): string {
  const findExample = createExamples(config, nowMs)
  const entries = config.routes.flatMap((route) => entriesFor(route, findExample))
  if (entries.length === 0) return ''
  return `
# Requests and the answers they must get. They run at each start and reload, and a file with a red one does not come into force.
# A token holds claims; nobody has to sign them.
tests:
${entries.map((entry) => `  ${entry}\n`).join('')}`
}

function entriesFor(route: RouteConfig, findExample: FindExample): string[] {
  const { allow, public: open } = route.policy
  const opened = allow.flatMap((_, line) => findExample({ route, line }) ?? [])
  const unauthenticated = open && findExample({ route, line: 'public' })
  const [first] = opened
  return [
    ...(unauthenticated ? [toTestEntry(unauthenticated)] : []),
    ...opened.map((one) => toTestEntry(one)),
    ...(first ? refusalsOf(first) : []),
  ]
}

/** Without a token, and with one that opens nothing. */
function refusalsOf({ method, path }: ExampleRequest): string[] {
  return [toTestEntry({ method, path }, 401), toTestEntry({ method, path, claims: { sub: 'somebody-else' } }, 403)]
}
