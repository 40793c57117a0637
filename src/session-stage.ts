/** A browser's session on the path of a request: it becomes the token that the request presents; and the login's own pages. */
import type { LoginPage } from './config/login-config.ts'
import type { SessionRequest, Sessions } from './sessions/sessions.ts'
import type { Visit } from './visit.ts'

/** Whether this request may come with a session: only on routes that say so, and a token of its own wins. */
export function readsSession({ match, fields, runtime }: Visit): boolean {
  return match?.route.session === true && runtime.sessions !== undefined && fields?.authorization.length === 0
}

/**
 * Puts the session's access token where a bearer token of the request would stand. Rejects with `missing_token`,
 * `cross_site_request` or `login_unavailable`.
 */
export async function presentSession(visit: Visit): Promise<void> {
  const { accessToken, refusal, answerFields } = await sessionsOf(visit).present(toSessionRequest(visit))
  visit.sessionFields = answerFields
  if (accessToken === undefined) throw refusal
  if (visit.fields !== undefined) visit.fields.authorization = [`Bearer ${accessToken}`]
}

/** Answers a page of the login. Rejects with what the request is refused with. */
export async function answerPage(visit: Visit, page: LoginPage): Promise<void> {
  const answer = await sessionsOf(visit).answer(page, toSessionRequest(visit))
  if ('answerFields' in answer) {
    visit.sessionFields = answer.answerFields
    throw answer.refusal
  }
  visit.addAnswerFields(answer.headers)
  visit.answer(page, answer)
}

/** Both callers have seen that they are there. */
function sessionsOf({ runtime }: Visit): Sessions {
  return runtime.sessions as Sessions
}

const NO_ORIGINS: ReadonlySet<string> = new Set()

function toSessionRequest(visit: Visit): SessionRequest {
  const { exchange, method, target, cors } = visit
  return {
    method,
    path: target.path,
    query: target.query,
    isUpgrade: exchange.upgrade !== undefined,
    otherOrigins: cors?.credentials === true ? cors.origins : NO_ORIGINS,
    header: (name) => visit.header(name),
  }
}
