/** A request that is not sent: what the gateway would answer, and why. */
import type { Trial, TrialResult } from '../try-request.ts'
import { askTrial } from './ask.ts'
import { announce, byId, replace, setText } from './dom.ts'
import { toExplanation, toOpenRoutes } from './explanation-view.ts'
import { decodeToken, readClaims } from './token-text.ts'

type Who = 'none' | 'claims' | 'token'

const NOTES: Readonly<Record<Who, string>> = {
  none: 'A request without a token.',
  claims: 'What every token of the issuer has, such as iss, aud and exp, is filled in where it is left out.',
  token:
    'The token stays in this page. Only its decoded header and claims go to this gateway, which keeps and logs nothing of them. The signature is not checked here.',
}
const PLACEHOLDERS: Readonly<Record<Who, string>> = {
  none: '',
  claims: '{ "sub": "alice", "scope": "orders:read" }',
  token: 'eyJhbGciOi…',
}

export interface TryView {
  /** Puts a request into the form, for the person to go on. */
  begin(method: string, path: string): void
}

export function createTryView(): TryView {
  const [method, path, text] = [
    byId<HTMLSelectElement>('try-method'),
    byId<HTMLInputElement>('try-path'),
    byId<HTMLTextAreaElement>('try-text'),
  ]
  const form = byId<HTMLFormElement>('try-form')

  const who = (): Who => (new FormData(form).get('who') as Who | null) ?? 'none'

  function showCaller(): void {
    // What was pasted for one is nothing for the other, and a token is kept no longer than it is wanted.
    text.value = ''
    text.placeholder = PLACEHOLDERS[who()]
    byId('try-caller').hidden = who() === 'none'
    setText(byId('try-caller-name'), who() === 'token' ? 'Access token' : 'Claims, as JSON')
    setText(byId('try-note'), NOTES[who()])
    setText(byId('try-problem'), '')
  }

  async function run(): Promise<void> {
    const trial = readTrial(who(), { method: method.value, path: path.value.trim() || '/' }, text.value)
    if (typeof trial === 'string') {
      setText(byId('try-problem'), trial)
      return
    }
    setText(byId('try-problem'), '')
    try {
      show(await askTrial(trial))
    } catch (error) {
      setText(byId('try-problem'), `The gateway did not answer (${error instanceof Error ? error.message : 'unknown'})`)
    }
  }

  form.addEventListener('change', ({ target }) => {
    if (target instanceof HTMLInputElement && target.name === 'who') showCaller()
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void run()
  })
  // A page that is left and come back to must not still hold a token.
  window.addEventListener('pagehide', () => {
    text.value = ''
  })
  return {
    begin(wanted, target) {
      method.value = wanted
      path.value = target
      byId('try').scrollIntoView()
      path.focus()
    },
  }
}

/** A text: what is wrong with the form. */
function readTrial(who: Who, request: Pick<Trial, 'method' | 'path'>, text: string): Trial | string {
  if (who === 'none') return request
  if (who === 'claims') {
    const claims = readClaims(text)
    return claims === undefined ? 'Claims are a JSON object.' : { ...request, claims: { ...claims } }
  }
  const token = decodeToken(text)
  if (token === undefined) return 'This is no access token in compact form: three parts with dots between them.'
  return { ...request, token: { header: { ...token.header }, claims: { ...token.claims } } }
}

function show({ explanation, opens }: TrialResult): void {
  replace(byId('try-result'), ...toExplanation(explanation))
  replace(byId('try-opens'), ...toOpenRoutes(opens))
  byId('try-opens').hidden = false
  announce(`${explanation.status}: ${explanation.reason}`)
}
