/** The few pages of the development issuer: no scripts, nothing from elsewhere, every value escaped. */
import { createHash } from 'node:crypto'

const STYLE =
  'body{font:16px system-ui;max-width:22rem;margin:15vh auto;padding:0 1rem}label,input,button{display:block;width:100%;box-sizing:border-box;margin:.4rem 0}input,button{padding:.5rem;font:inherit}.error{color:#b00020}'
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}

/** `html` is trusted markup; `title` is not. */
export function page(title: string, html: string): string {
  const heading = escapeHtml(title)
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${heading}</title><meta name="viewport" content="width=device-width"><style>${STYLE}</style></head><body><h1>${heading}</h1>${html}<p><small>Development issuer: never use it for anything else.</small></p></body></html>`
}

/** The ids are those of Keycloak's form, so that one script can log in to both. */
export function loginPage(options: { action: string; client: string; username: string; failed: boolean }): string {
  const error = options.failed ? '<p class="error" role="alert">Invalid username or password.</p>' : ''
  return page(
    `Log in to ${options.client}`,
    `${error}<form id="kc-form-login" method="post" action="${escapeHtml(options.action)}">
<label for="username">Username</label><input id="username" name="username" value="${escapeHtml(options.username)}" autocomplete="username" autofocus>
<label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password">
<button id="kc-login" type="submit">Log in</button></form>`,
  )
}

/**
 * Fields for every page. `formTargets` are origins a form may lead to besides this one: browsers apply `form-action` to
 * the redirect after a login too.
 */
export function pageHeaders(formTargets: readonly string[] = []): Record<string, string> {
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${STYLE_HASH}'`,
    `form-action ${["'self'", ...formTargets].join(' ')}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ]
  return {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': policy.join('; '),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
  }
}
