/** The gateway's own pages for people: what answers there, and what does in place of a token that is not there. */
import type { GatewayConfig, RouteConfig } from '../config/gateway-config.ts'

const DOES: Readonly<Record<NonNullable<RouteConfig['page']>, string>> = {
  login: 'a page of the login: sends the browser to the issuer',
  callback: 'a page of the login: takes what the issuer sends the browser back with, and begins the session',
  logout: 'a page of the login: ends the session, here and at the issuer',
  me: 'a page of the login: tells who is logged in, or 401',
  docs: 'the API reference page, or a file of it',
  ticket: 'gives a page a ticket in place of its token, for one WebSocket or stream of events',
}

/** Undefined: the gateway forwards there. */
export function describePage({ page }: RouteConfig): string | undefined {
  return page === undefined ? undefined : DOES[page]
}

/** The routes of the file, and the gateway's own pages behind them. */
export function withOwnPages(config: GatewayConfig): GatewayConfig {
  const { login, tickets, routes } = config
  return { ...config, routes: [...routes, ...(login?.pages ?? []), ...(tickets ? [tickets.page] : [])] }
}

/** What would do in place of a token, for a request that has none. */
export function notesWithoutToken(
  { login }: GatewayConfig,
  route: RouteConfig | undefined,
  hasToken: boolean,
): string[] {
  if (route === undefined || hasToken) return []
  const notes: string[] = []
  if (login !== undefined && route.session) {
    notes.push(
      `a session of the login would do as well, judged by its token: give its claims with --claims; without one, a browser that asks for a page is sent to ${login.path}/login`,
    )
  }
  if (route.tokenFrom?.has('ticket')) {
    notes.push('a ticket in the query of a GET would do as well, judged by its token: give its claims with --claims')
  }
  if (route.tokenFrom?.has('subprotocol')) {
    notes.push('a WebSocket may also offer its token as the subprotocol behind "bearer"')
  }
  return notes
}
