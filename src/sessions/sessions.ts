/**
 * The door of this folder: a browser's session in place of a token that it presents. A session never allows anything: what comes
 * out of it is an access token, which goes the way of every other one.
 */
import type { LoginConfig, LoginPage } from '../config/login-config.ts'
import type { GatewayError } from '../errors.ts'
import type { BrowserRequest } from './browser.ts'
import type { RenewalStore } from './renewal-store.ts'

export interface SessionRequest extends BrowserRequest {
  /** Canonical. */
  readonly path: string
  /** Empty, or with its `?`. */
  readonly query: string
  /** Origins of other pages to which the file gives credentials on this route. */
  readonly otherOrigins: ReadonlySet<string>
}

/** What a session comes to for one request. */
export interface Presented {
  readonly accessToken?: string
  /** In place of an access token: why there is none. */
  readonly refusal?: GatewayError
  /** Fields for the answer, whoever gives it: flat names and values. */
  readonly answerFields: readonly string[]
}

/** An answer of one of the login's own pages. */
export interface PageAnswer {
  readonly status: number
  /** Flat. */
  readonly headers: string[]
  readonly body: string
}

/** Both reject with a GatewayError, or resolve with one. Cookies change only by the fields that they return. */
export interface Sessions {
  /** The access token of the request's session, renewed when it is time. */
  present(request: SessionRequest): Promise<Presented>
  answer(page: LoginPage, request: SessionRequest): Promise<PageAnswer | Presented>
}

/** For whoever runs the gateway; no field holds a token. */
export interface SessionLog {
  warn(fields: { readonly cause: unknown }, message: string): void
}

export interface SessionDeps {
  readonly store: RenewalStore
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly log: SessionLog
}

/** Nothing that sessions need (`openid-client`, encryption) is loaded before the first one comes. */
export function createSessions(login: LoginConfig, deps: SessionDeps): Sessions {
  let loading: Promise<Sessions> | undefined
  const load = (): Promise<Sessions> => {
    loading ??= import('./login.ts').then(({ createLogin }) => createLogin(login, deps))
    return loading
  }
  return {
    present: async (request) => (await load()).present(request),
    answer: async (page, request) => (await load()).answer(page, request),
  }
}
