/** An explanation, and the routes that a caller opens, as elements. */
import type { Explanation } from '../../authoring/explain.ts'
import type { OpenMethod, OpenRoute } from '../try-request.ts'
import { type Child, h } from './dom.ts'
import { formatMs } from './format.ts'

const VERDICTS: Readonly<Record<Explanation['outcome'], string>> = {
  forwarded: 'let through',
  metadata: "the gateway's own page",
  page: 'answered by the gateway',
  preflight: 'a preflight, answered here',
  refused: 'refused',
}

export function toExplanation(it: Explanation): Child[] {
  const kind = it.outcome === 'refused' ? 'denied' : 'allowed'
  return [
    h(
      'h3',
      { class: `verdict ${kind}` },
      h('b', {}, it.outcome === 'forwarded' || it.outcome === 'page' ? '✓' : it.status),
      ` ${VERDICTS[it.outcome]}${it.upstream === undefined ? '' : ` to ${it.upstream.name}`}`,
    ),
    h('p', {}, it.reason),
    ...toRoute(it),
    ...toCaller(it),
    ...toLines(it),
    ...(it.toPass.length === 0 ? [] : [h('h4', {}, 'What would let it through'), list(it.toPass)]),
    ...(it.limits.length === 0 ? [] : [h('h4', {}, 'Limits'), list(it.limits.map(describeLimit))]),
    ...toAnswer(it),
  ]
}

function toRoute({ route, nearest = [] }: Explanation): Child[] {
  if (route !== undefined) {
    const beats = route.beats.map(({ path, why }) => `rather than ${path}: ${why}`)
    return [
      h('h4', {}, 'Route'),
      h('p', {}, h('code', {}, route.path), h('small', {}, ` line ${route.line}`)),
      ...(beats.length > 0 ? [list(beats)] : []),
    ]
  }
  if (nearest.length === 0) return []
  return [
    h('h4', {}, 'No route has this path; the nearest'),
    list(nearest.map(({ path, line }) => `${path} (line ${line})`)),
  ]
}

function toCaller({ token }: Explanation): Child[] {
  if (token === undefined) return []
  const { signature, issuer, clientId, scopes = [], roles = [] } = token
  const facts = [
    ['Signature', signature],
    ['Issuer', issuer],
    ['Client', clientId],
    ['Scopes', scopes.join(' ')],
    ['Roles', roles.join(' ')],
  ].filter(([, value]) => value !== undefined && value !== '')
  const rows = facts.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value)))
  return [h('h4', {}, 'Caller'), h('dl', { class: 'rows' }, ...rows)]
}

function toLines({ lines, public: open }: Explanation): Child[] {
  const applying = lines.filter(({ applies }) => applies)
  const items = applying.map(({ fileLine, holds, conditions, because, mode }) =>
    h(
      'li',
      { class: holds ? 'holds' : 'fails' },
      h(
        'span',
        {},
        `line ${fileLine}${mode === 'report' ? ', reported only' : ''}${because === undefined ? '' : `: ${because}`}`,
      ),
      h('ul', {}, ...conditions.map((condition) => toCondition(condition))),
    ),
  )
  const isPublic = open?.holds === true && h('li', { class: 'holds' }, `public: ${open.reason}`)
  if (items.length === 0 && isPublic === false) return []
  return [h('h4', {}, 'Lines for this method'), h('ul', { class: 'trace' }, isPublic, ...items)]
}

function toCondition({ text, holds, seen }: Explanation['lines'][number]['conditions'][number]): HTMLElement {
  const shown = seen === undefined ? 'nothing' : JSON.stringify(seen)
  return h(
    'li',
    { class: holds ? 'holds' : 'fails' },
    h('code', {}, text),
    holds ? undefined : h('small', {}, ` has ${shown}`),
  )
}

function describeLimit({ name, limit, windowSeconds, key, counts }: Explanation['limits'][number]): string {
  return `${name}: ${limit} in ${formatMs(windowSeconds * 1000)} by ${key.join(', ')}${counts ? '' : ', not counted'}`
}

function toAnswer({ answer, upstream }: Explanation): Child[] {
  const fields = answer.headers.map(([name, value]) => `${name}: ${value}`)
  const identity = Object.entries(upstream?.identity ?? {}).map(([name, value]) => `${name}: ${value}`)
  const sent =
    upstream === undefined
      ? []
      : [h('h4', {}, 'The service gets'), h('pre', { tabindex: 0 }, [upstream.path, ...identity].join('\n'))]
  const got =
    upstream === undefined ? [`HTTP ${answer.status}`, ...fields, '', answer.body].join('\n') : fields.join('\n')
  return [
    ...sent,
    h('h4', {}, upstream === undefined ? 'The answer' : 'The gateway adds to the answer'),
    h('pre', { tabindex: 0 }, got.trim()),
  ]
}

function list(texts: readonly string[]): HTMLElement {
  return h('ul', { class: 'plain' }, ...texts.map((text) => h('li', {}, text)))
}

export function toOpenRoutes(opens: readonly OpenRoute[]): Child[] {
  const open = opens.filter(({ methods }) => methods.some(({ isOpen }) => isOpen)).length
  const rows = opens.map(({ path, methods }) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, h('code', { class: 'path' }, path)),
      h('td', {}, h('ul', { class: 'opens' }, ...methods.map(toMethod))),
    ),
  )
  const head = h('tr', {}, h('th', { scope: 'col' }, 'Path'), h('th', { scope: 'col' }, 'Methods'))
  return [
    h('h3', {}, 'What this caller may do ', h('span', { class: 'muted' }, `${open} of ${opens.length} routes open`)),
    h(
      'div',
      { class: 'table', tabindex: 0, role: 'region', 'aria-label': 'Routes for this caller' },
      h('table', {}, h('thead', {}, head), h('tbody', {}, ...rows)),
    ),
  ]
}

function toMethod({ method, isOpen, by, isOwn }: OpenMethod): HTMLElement {
  const name = `${isOpen ? '✓' : '✗'} ${method}`
  const why = isOpen ? `${by}${isOwn ? ' (their own only)' : ''}` : `needs ${by}`
  return h('li', { class: isOpen ? 'holds' : 'fails' }, h('b', {}, name), h('small', {}, why))
}
