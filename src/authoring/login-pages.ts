/** The pages of a `login` for people: what answers there, and what a route that takes sessions does without a token. */
import type { GatewayConfig, RouteConfig } from '../config/gateway-config.ts'
import type { LoginPage } from '../config/login-config.ts'

const DOES: Readonly<Record<LoginPage, string>> = {
  login: 'sends the browser to the issuer',
  callback: 'takes what the issuer sends the browser back with, and begins the session',
  logout: 'ends the session, here and at the issuer',
  me: 'tells who is logged in, or 401',
}

/** Undefined: a service answers there. */
export function describePage({ page }: RouteConfig): string | undefined {
  if (page === 'docs') return 'the API reference page, or a file of it'
  return page === undefined ? undefined : `a page of the login: ${DOES[page]}`
}

/** The routes of the file, and the pages of its login behind them. */
export function withLoginPages(config: GatewayConfig): GatewayConfig {
  return config.login === undefined ? config : { ...config, routes: [...config.routes, ...config.login.pages] }
}

/** What a request without a token should know of a route that takes sessions. */
export function sessionNotes({ login }: GatewayConfig, route: RouteConfig | undefined, hasToken: boolean): string[] {
  if (login === undefined || route?.session !== true || hasToken) return []
  return [
    `a session of the login would do as well, judged by its token: give its claims with --claims; without one, a browser that asks for a page is sent to ${login.path}/login`,
  ]
}
