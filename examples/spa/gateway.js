/** Calls through the gateway, and what each answer means for the page. Nothing here knows the document. */

const PATIENCE_MS = 20_000

/**
 * @typedef {object} Answer
 * @property {number} status 0: there is none that the page may read
 * @property {string} title
 * @property {boolean} tokenRefused the token was there and did not do
 * @property {string[]} scopes those that would do, when the token has too few
 * @property {number} waitSeconds after which it makes sense to try again; 0: nothing is known
 * @property {[name: string, value: string][]} facts
 * @property {string} body
 */

/**
 * Never throws.
 * @param {string} gateway base URL
 * @param {{ method: string, path: string }} call
 * @param {string | undefined} token
 * @returns {Promise<Answer>}
 */
export async function callGateway(gateway, { method, path }, token) {
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` }
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const response = await fetch(gateway + path, { method, headers, signal, cache: 'no-store' })
    return readAnswer(response, await response.text())
  } catch (error) {
    return noAnswer(whyNothing(error, gateway))
  }
}

/** A browser does not tell a page why there is no answer: that could be a secret of somebody else's network. */
function whyNothing(error, gateway) {
  if (!navigator.onLine) return 'This computer is offline'
  if (error.name === 'TimeoutError') return `${gateway} gave no answer in ${PATIENCE_MS / 1000} seconds`
  return `${gateway} cannot be reached, or does not let this page read its answers`
}

function noAnswer(title) {
  return { status: 0, title, tokenRefused: false, scopes: [], waitSeconds: 0, facts: [], body: '' }
}

/** By the fields that the gateway exposes to pages, and its problem documents (RFC 9457). */
function readAnswer({ status, headers }, text) {
  const challenge = headers.get('www-authenticate') ?? ''
  const problem = headers.get('content-type')?.startsWith('application/problem+json') ? readJson(text) : undefined
  const title = problem?.detail ?? problem?.title ?? (status < 400 ? 'Done' : 'The service refused')
  const scope = /\bscope="([^"]*)"/.exec(challenge)?.[1] ?? problem?.scope
  return {
    status,
    title: [title, ...(problem?.because ?? [])].join('; '),
    tokenRefused: status === 401 && challenge.includes('error="invalid_token"'),
    scopes: status === 403 && scope ? scope.split(' ') : [],
    waitSeconds: Number(headers.get('retry-after') ?? 0) || 0,
    facts: readFacts(headers),
    body: pretty(text),
  }
}

/** `RateLimit: "per-user";r=59;t=60`, one item for each limit: r are left, the next one comes back in t seconds. */
function readFacts(headers) {
  const quotas = [...(headers.get('ratelimit') ?? '').matchAll(/"([^"]+)";r=(\d+)(?:;t=(\d+))?/g)]
  const facts = quotas.map(([, name, left]) => [`Left of ${name}`, left])
  const requestId = headers.get('x-request-id')
  return requestId === null ? facts : [...facts, ['Request id', requestId]]
}

function readJson(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function pretty(text) {
  const value = readJson(text)
  return value === undefined ? text : JSON.stringify(value, undefined, 2)
}
