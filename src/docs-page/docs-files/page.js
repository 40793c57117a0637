/**
 * The API reference: Swagger UI with the gateway's document. Its Authorize button logs in at the issuer with an
 * authorization code and PKCE. The token stays in the memory of this page.
 */

const here = new URL('.', import.meta.url)

async function load(url) {
  const response = await fetch(url, { credentials: 'omit', redirect: 'error', referrerPolicy: 'no-referrer' })
  if (!response.ok) throw new Error(`${url} answers ${response.status}`)
  return response.json()
}

/**
 * Where to log in, by the issuer's own word (OpenID Connect Discovery 1.0 section 4). It must be the word of this issuer, and
 * stay on its origin: the Content-Security-Policy lets the page ask nobody else for a token.
 */
async function discover(issuer) {
  const metadata = await load(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  const { authorization_endpoint: authorizationUrl, token_endpoint: tokenUrl } = metadata
  if (metadata.issuer !== issuer) throw new Error('the document is that of another issuer')
  if (!/^https?:$/.test(URL.parse(authorizationUrl)?.protocol)) throw new Error('it names no place to log in')
  if (URL.parse(tokenUrl)?.origin !== new URL(issuer).origin) throw new Error('its tokens come from another origin')
  return { authorizationUrl, tokenUrl }
}

/** One scheme logs in; a token of another issuer can be pasted. */
function toSchemes(schemes, { scheme: own, offeredScopes }, login) {
  const scopes = Object.fromEntries(offeredScopes.map((scope) => [scope, '']))
  const flows = { authorizationCode: { ...login, scopes } }
  return Object.fromEntries(
    Object.entries(schemes).map(([name, { description }]) => [
      name,
      name === own && login !== undefined
        ? { type: 'oauth2', description, flows }
        : { type: 'http', scheme: 'bearer', description },
    ]),
  )
}

/** The library's own state is the time of day, and a wrong one is only a warning to it: see oauth2-redirect.js. */
function withOwnState(issuer) {
  const authPopup = (open) => (url, login) => {
    const address = new URL(url)
    const state = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(24))))
    address.searchParams.set('state', state)
    return open(address.href, Object.assign(login, { state, issuer }))
  }
  return { statePlugins: { auth: { wrapActions: { authPopup } } } }
}

function notify(text) {
  const notice = document.querySelector('#notice')
  notice.textContent = text
  notice.hidden = false
}

async function show() {
  const [settings, spec] = await Promise.all(['settings.json', 'openapi.json'].map((name) => load(new URL(name, here))))
  const login = await discover(settings.issuer).catch((error) => {
    notify(`Nobody can log in here now: ${settings.issuer} cannot be used (${error.message}). A token can be pasted.`)
    return undefined
  })
  const securitySchemes = toSchemes(spec.components.securitySchemes, settings, login)
  const ui = globalThis.SwaggerUIBundle({
    domNode: document.querySelector('#reference'),
    spec: { ...spec, servers: [{ url: location.origin }], components: { ...spec.components, securitySchemes } },
    oauth2RedirectUrl: new URL('oauth2-redirect.html', here).href,
    plugins: [withOwnState(settings.issuer)],
    // What a call may do is to depend on its token alone, not on a session of this browser.
    requestInterceptor: (request) => Object.assign(request, { credentials: 'omit' }),
    validatorUrl: null,
    queryConfigEnabled: false,
    persistAuthorization: false,
  })
  ui.initOAuth({
    clientId: settings.clientId,
    scopes: settings.scopes,
    usePkceWithAuthorizationCodeGrant: true,
  })
}

show().catch((error) => notify(`The API reference cannot be shown: ${error.message}.`))
