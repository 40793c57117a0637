/** The end of a login in its own window: hands the code to the page that began it, if it is the answer to that login. */

const answer = new URLSearchParams(location.search)
// A code does not stay in the history.
history.replaceState(null, '', location.pathname)

/** The login that the page has under way; a page of another origin does not let us look. */
function findLogin() {
  try {
    return globalThis.opener?.swaggerUIRedirectOauth2
  } catch {
    return undefined
  }
}

/** The one value of a parameter. */
function read(name) {
  const values = answer.getAll(name)
  return values.length === 1 ? values[0] : undefined
}

/** What is wrong with the answer; undefined: it has a code. */
function findFault({ state, issuer }) {
  if (state === undefined || read('state') !== state) return 'The answer does not belong to the login that began here.'
  // RFC 9207: whoever answers says who it is.
  if (answer.has('iss') && read('iss') !== issuer) return 'The answer is that of another issuer.'
  const error = read('error')
  if (error !== undefined) return `The login server refused: ${read('error_description') ?? error}`
  return read('code') === undefined ? 'The answer of the login server has no code.' : undefined
}

const login = findLogin()
if (login === undefined) {
  document.querySelector('#notice').textContent =
    'No login of this window is under way: begin with Authorize on the page of the API. (Or the login server has cut the two windows from each other, by Cross-Origin-Opener-Policy.)'
} else {
  const fault = findFault(login)
  const { auth, redirectUrl } = login
  // An answer counts once.
  login.state = undefined
  if (fault === undefined) login.callback({ auth: Object.assign(auth, { code: read('code') }), redirectUrl })
  else login.errCb({ authId: auth.name, source: 'auth', level: 'error', message: fault })
  window.close()
}
