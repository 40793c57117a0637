/** `scopegate explain`: why a request gets its answer, line by line. */
import { readBearerToken } from '../authentication/bearer-token.ts'
import { readClaimedToken } from '../authoring/claims-token.ts'
import { explain } from '../authoring/explain.ts'
import { type Caller, createSimulation, type SimulatedRequest } from '../authoring/simulate.ts'
import { withoutTokens } from '../authoring/without-tokens.ts'
import { withBodies } from '../compile-bodies.ts'
import type { GatewayConfig } from '../config/gateway-config.ts'
import { loadFor, printProblems } from './arguments.ts'
import { coloursFor } from './colours.ts'
import type { CommandIo } from './command-io.ts'
import { type ExplainArguments, readExplainArguments } from './explain-arguments.ts'
import { formatExplanation } from './explain-text.ts'

export async function run(io: CommandIo, args: string[]): Promise<number> {
  const asked = readExplainArguments(io, args)
  const { file, json, request, notes } = asked
  const result = await withBodies(loadFor(io, file))
  if (result.config === undefined) return printProblems(io, result, json)
  const { config } = result
  const token = presentedToken(request)
  const { caller, signature } = await readCaller(config, asked, token)
  const simulation = createSimulation(config)(request, caller)
  const explanation = explain(config, request, simulation, { signature, notes })
  const text = json ? `${JSON.stringify(explanation, null, 2)}\n` : formatExplanation(explanation, file, coloursFor(io))
  io.stdout(withoutTokens(text, token))
  return 0
}

interface ReadCaller {
  readonly caller: Caller | undefined
  readonly signature: string | undefined
}

async function readCaller(
  config: GatewayConfig,
  asked: ExplainArguments,
  token: string | undefined,
): Promise<ReadCaller> {
  const { claims, offline, jwks, request } = asked
  const now = Date.now()
  if (claims !== undefined) {
    const caller: Caller = (accepted) => readClaimedToken(config, claims, accepted, now)
    return { caller, signature: 'none: claims were given' }
  }
  if (token === undefined) return { caller: undefined, signature: undefined }
  // Which issuers count depends on the route, and the simulation cannot wait for their keys.
  const { match } = createSimulation(config)(request, undefined)
  const { checkToken } = await import('./token-check.ts')
  return checkToken(config, token, match?.route.issuers, { offline, ...(jwks && { jwks }) })
}

/** The token as the gateway reads it; undefined: there is none, or the request is refused for how it is sent. */
function presentedToken({ headers, target }: SimulatedRequest): string | undefined {
  const fields = headers.filter((_, i) => i % 2 === 1 && headers[i - 1]?.toLowerCase() === 'authorization')
  const mark = target.indexOf('?')
  try {
    return readBearerToken(fields, mark === -1 ? '' : target.slice(mark))
  } catch {
    return undefined
  }
}
