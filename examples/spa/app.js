/** A small page that acts on every answer of the gateway. Start here; gateway.js, session.js and view.js are its parts. */
import { CALLS } from './calls.js'
import { callGateway } from './gateway.js'
import { createSession } from './session.js'
import * as view from './view.js'

/** Over a login the page is loaded anew: what it was about to call, and for which scopes it asked. No token is in it. */
const PENDING = 'pending-call'

const settings = await (await fetch('settings.json')).json()
const session = createSession(settings, () => view.showSession(session))
let stopCountdown = () => {}
/** The newest call: an answer to an older one that comes late is not shown. */
let latest = 0

view.showCalls(CALLS, (call) => run(call))
view.onLoginAndLogout(
  () => login(),
  () => session.logout(),
)
await start()

async function start() {
  try {
    await session.start()
    view.showSession(session)
    await goOn()
  } catch (error) {
    view.showSession(session)
    showProblem(error.message)
  }
}

function login(scopes) {
  session.login(scopes).catch(() => showProblem('The login page cannot be opened'))
}

/** @param {string[]} asked the scopes that were asked for already */
async function run(call, { asked = [], renew = false } = {}) {
  stopCountdown()
  const turn = ++latest
  const anonymous = view.wantsNoToken()
  view.showAction()
  view.showDetails([], '')
  view.showSummary(`${call.method} ${call.path} …`)
  const token = anonymous ? undefined : await session.token({ renew })
  const answer = await callGateway(settings.gateway, call, token)
  if (turn !== latest) return
  // A token that was good a moment ago: its session may have another one.
  if (answer.tokenRefused && !renew) return run(call, { asked, renew: true })
  show(call, answer, asked)
}

function show(call, answer, asked) {
  const missing = answer.scopes.filter((scope) => !session.scopes.includes(scope))
  const lacks = missing.length === 0 ? '' : ` It lacks ${missing.join(' ')}.`
  const title = answer.status === 0 ? `No answer: ${answer.title}` : `${answer.status}: ${answer.title}`
  view.showSummary(`${title}.${lacks}`, answer.status > 0 && answer.status < 400 ? 'good' : 'bad')
  view.showDetails(answer.facts, answer.body)
  if (answer.status === 401) view.showAction('Log in and try again', () => askFor(call, []))
  else if (missing.length > 0) offerScopes(call, missing, asked)
  else if (answer.waitSeconds > 0) offerRetry(call, answer.waitSeconds)
  else if (answer.status === 0) view.showAction('Try again', () => run(call))
}

/** A token with more scopes takes a new authorization request; a session makes it one without a form. */
function offerScopes(call, missing, asked) {
  if (missing.some((scope) => asked.includes(scope))) {
    view.showSummary(`The login server gave no ${missing.join(' ')}, so this call stays refused.`, 'bad')
  } else {
    view.showAction(`Ask for ${missing.join(' ')} and try again`, () => askFor(call, missing))
  }
}

function askFor(call, scopes) {
  sessionStorage.setItem(PENDING, JSON.stringify({ name: call.name, asked: scopes }))
  login(scopes)
}

/** Back from the login server: the call that was waiting for it. */
async function goOn() {
  const pending = JSON.parse(sessionStorage.getItem(PENDING) ?? '{}')
  sessionStorage.removeItem(PENDING)
  const call = CALLS.find(({ name }) => name === pending.name)
  if (call === undefined || !session.loggedIn) return
  await run(call, { asked: pending.asked })
  view.focusAnswer()
}

function offerRetry(call, waitSeconds) {
  const readyAt = performance.now() + waitSeconds * 1000
  const tick = () => {
    const left = Math.ceil((readyAt - performance.now()) / 1000)
    view.showCountdown(left)
    if (left > 0) return
    stopCountdown()
    view.showSummary('You can try again now.')
  }
  view.showAction('Try again', () => run(call), { disabled: true })
  const timer = setInterval(tick, 250)
  stopCountdown = () => clearInterval(timer)
  tick()
}

function showProblem(text) {
  view.showSummary(`${text}.`, 'bad')
  view.showDetails([], '')
  view.showAction('Try again', () => location.reload())
}
