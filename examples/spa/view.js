/** What stands on the page. Texts go in as text, never as markup. */

const element = (id) => document.getElementById(id)

export function showSession({ loggedIn, name, scopes, expiresAt }) {
  element('session').textContent = loggedIn
    ? `Logged in as ${name}, with ${scopes.join(' ')}. The token lasts until ${expiresAt.toLocaleTimeString()}.`
    : 'Not logged in.'
  element('login').hidden = loggedIn
  element('logout').hidden = !loggedIn
}

/** One button for each call. */
export function showCalls(calls, onCall) {
  const items = calls.map((call) => {
    const [item, button, needs] = ['li', 'button', 'span'].map((name) => document.createElement(name))
    button.type = 'button'
    button.textContent = `${call.method} ${call.path}`
    needs.textContent = `needs ${call.needs}`
    needs.id = `needs-${call.name}`
    button.setAttribute('aria-describedby', needs.id)
    button.addEventListener('click', () => onCall(call))
    item.append(button, needs)
    return item
  })
  element('calls').replaceChildren(...items)
}

/** @param {'good' | 'bad' | 'plain'} tone */
export function showSummary(text, tone = 'plain') {
  element('summary').textContent = text
  element('summary').dataset.tone = tone
}

export function showDetails(facts, body) {
  const entries = facts.flatMap(([name, value]) => {
    const [term, description] = ['dt', 'dd'].map((tag) => document.createElement(tag))
    term.textContent = name
    description.textContent = value
    return [term, description]
  })
  element('details').replaceChildren(...entries)
  element('body').textContent = body
  element('body').hidden = body === ''
}

/** One thing to do about the answer; none: nothing can be done here. `disabled` until its time has come. */
export function showAction(label, onAct, { disabled = false } = {}) {
  const button = element('act')
  element('action').hidden = label === undefined
  element('countdown').textContent = ''
  button.textContent = label ?? ''
  button.disabled = disabled
  button.onclick = onAct
}

/** Seconds that are left; at zero the action may be done. Not a live region: it would speak each second. */
export function showCountdown(seconds) {
  element('countdown').textContent = seconds > 0 ? `in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}` : ''
  element('act').disabled = seconds > 0
}

/** After a way over the login server: where a reader goes on. */
export function focusAnswer() {
  element('answer-heading').focus()
}

export function wantsNoToken() {
  return element('anonymous').checked
}

export function onLoginAndLogout(login, logout) {
  element('login').addEventListener('click', login)
  element('logout').addEventListener('click', logout)
}
