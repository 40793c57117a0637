/**
 * The login: authorization code with PKCE S256 by keycloak-js. Tokens stay in memory; a reload or a new tab asks the
 * authorization server, in a frame that nobody sees, whether there is a session.
 */
import Keycloak from './keycloak.js'

const RENEW_BEFORE_SECONDS = 30
const START_PATIENCE_MS = 15_000

/**
 * @param {{ issuer: string, clientId: string, scope: string }} settings
 * @param {() => void} onChange called when somebody has logged in or out, here or in another tab, or got a new token
 */
export function createSession({ issuer, clientId, scope }, onChange) {
  const here = `${location.origin}/`
  const keycloak = new Keycloak({ oidcProvider: issuer, clientId })
  const tabs = new BroadcastChannel('session')
  keycloak.onAuthRefreshSuccess = onChange
  keycloak.onAuthLogout = onChange
  tabs.onmessage = () => keycloak.clearToken()

  return {
    get loggedIn() {
      return keycloak.authenticated
    },
    get name() {
      return keycloak.idTokenParsed?.name ?? keycloak.idTokenParsed?.preferred_username ?? 'somebody'
    },
    /** Those of the access token. */
    get scopes() {
      return (keycloak.tokenParsed?.scope ?? '').split(' ')
    },
    /** The end of the access token, which is not the end of the session. */
    get expiresAt() {
      return new Date((keycloak.tokenParsed?.exp ?? 0) * 1000)
    },

    /** Takes what a login brought back, or a session that is there. Rejects with a sentence about what is wrong. */
    async start() {
      const options = {
        onLoad: 'check-sso',
        silentCheckSsoRedirectUri: `${here}callback`,
        redirectUri: here,
        checkLoginIframe: false,
        logoutMethod: 'POST', // the ID token then stands in no address
        scope,
      }
      try {
        await Promise.race([keycloak.init(options), tooLate()])
      } catch (error) {
        throw new Error(describe(error, issuer))
      }
    },

    /** Leaves the page for the login form; with a session there is none to fill in. */
    login(scopes = []) {
      const all = new Set([...scope.split(' '), ...(keycloak.authenticated ? this.scopes : []), ...scopes])
      return keycloak.login({ scope: [...all].join(' '), redirectUri: here })
    },

    logout() {
      tabs.postMessage('logged out')
      return keycloak.logout({ redirectUri: here })
    },

    /** An access token that is good for a while yet, renewed when it is not. Nothing when the session is over. */
    async token({ renew = false } = {}) {
      if (!keycloak.authenticated) return undefined
      await keycloak.updateToken(renew ? -1 : RENEW_BEFORE_SECONDS).catch(onChange)
      return keycloak.token
    },
  }
}

function tooLate() {
  return new Promise((_, reject) => setTimeout(() => reject(new Error('no answer')), START_PATIENCE_MS))
}

function describe(error, issuer) {
  if (error?.error === undefined) return `The login server ${issuer} cannot be reached`
  return `The login server refused: ${error.error_description ?? error.error}`
}
