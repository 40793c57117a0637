/** What a gateway with this file would have recorded, without one: the pipeline decides, on an exchange without a socket. */
import { readClaimedToken } from '../../../src/authoring/claims-token.ts'
import { createSimulation, type Simulation } from '../../../src/authoring/simulate.ts'
import type { GatewayConfig } from '../../../src/config/gateway-config.ts'
import { createDecisionLog } from '../../../src/decision-log.ts'
import type { DecisionRecord } from '../../../src/observability/decision-record.ts'
import type { Visit } from '../../../src/visit.ts'
import { sha256 } from '../../support/sha256.ts'

export interface Asked {
  readonly method: string
  readonly path: string
  /** Absent: no token. */
  readonly claims?: Readonly<Record<string, unknown>>
}

const NOW = Date.UTC(2026, 0, 1)

export function simulate(config: GatewayConfig, { method, path, claims }: Asked): Simulation {
  const caller =
    claims && ((accepted: readonly string[] | undefined) => readClaimedToken(config, claims, accepted, NOW))
  return createSimulation(config)({ method, target: path, headers: [], client: '127.0.0.1' }, caller)
}

/** A token also goes to a public route, where nobody reads it. */
export function recordOf(config: GatewayConfig, asked: Asked): DecisionRecord {
  const lines: string[] = []
  const write = (line: string): void => void lines.push(line)
  const note = createDecisionLog({ write, sample: 1, salt: 'salt', sha256, now: () => NOW, random: () => 0 })
  const { match, token, error, answer, path } = simulate(config, asked)
  const visit = {
    ...{ match, token, method: asked.method, target: { path }, runtime: { config, now: () => NOW } },
    fields: { authorization: asked.claims === undefined ? [] : ['Bearer x'] },
    record: { status: answer.status, reason: error?.reason ?? 'allowed' },
  }
  note(visit as unknown as Visit, error)
  return JSON.parse(lines.join(''))
}
