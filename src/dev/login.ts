/** The login page: shows the form, checks the password, hands the result back to oidc-provider. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Provider } from 'oidc-provider'
import { readForm } from './form.ts'
import { loginPage, page, pageHeaders } from './pages.ts'
import type { Realm } from './realm.ts'

/** The interaction's cookie (SameSite=Lax, bound to this path) ties the form to the browser that asked for it. */
export async function handleLogin(
  provider: Provider,
  realm: Realm,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const details = await provider.interactionDetails(request, response).catch(() => undefined)
  if (details === undefined || !request.url?.endsWith(`/${details.uid}`)) {
    return send(response, 400, page('This login has expired', '<p>Go back to the application and start again.</p>'))
  }
  const form = request.method === 'POST' ? await readForm(request) : undefined
  const username = form?.get('username') ?? ''
  const user = form && realm.authenticate(username, form.get('password') ?? '')
  if (user !== undefined) {
    return provider.interactionFinished(request, response, { login: { accountId: user.id, acr: '1', amr: ['pwd'] } })
  }
  const { client_id: client, redirect_uri: redirectUri } = details.params
  const html = loginPage({ action: request.url, client, username, failed: form !== undefined })
  const target = URL.parse(redirectUri ?? '')?.origin
  send(response, 200, html, target === undefined ? [] : [target])
}

function send(response: ServerResponse, status: number, html: string, formTargets: readonly string[] = []): void {
  response.writeHead(status, pageHeaders(formTargets)).end(html)
}
