/** Pages that no upstream serves. */
import type { RouteConfig } from './config/gateway-config.ts'
import { answerDocs } from './docs-stage.ts'
import { answerTicket } from './page-token-stage.ts'
import { answerPage } from './session-stage.ts'
import type { Visit } from './visit.ts'

/** Answers the page. Undefined: in a simulation, which has no pages and forwards to nowhere. */
export function answerOwnPage(visit: Visit, page: NonNullable<RouteConfig['page']>): Promise<void> | undefined {
  const { docs, sessions, tickets } = visit.runtime
  if (page === 'docs') return docs && answerDocs(visit, docs)
  if (page === 'ticket') return tickets && answerTicket(visit, tickets)
  return sessions && answerPage(visit, page)
}
