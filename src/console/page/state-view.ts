/** The configuration in force, the keys, the store of windows, the upstreams. */
import type { ConsoleState, IssuerState } from '../state.ts'
import { announce, byId, type Child, h, replace } from './dom.ts'
import { formatMs, plural } from './format.ts'

/** Elements are made anew only when what they show has changed: a reader may be in the middle of them. */
export function createStateView(): (state: ConsoleState) => void {
  const shown = new Map<string, string>()
  let refusedAt: string | undefined
  function show(id: string, of: unknown, build: () => readonly Child[]): void {
    const key = JSON.stringify(of)
    if (shown.get(id) === key) return
    shown.set(id, key)
    replace(byId(id), ...build())
  }

  return (state) => {
    const { config, issuers, limiter, processes, upstreams } = state
    show('config', config, () => toConfig(config))
    show('refusal', config.lastRefusal ?? null, () => toRefusal(config.lastRefusal))
    byId('refusal').hidden = config.lastRefusal === undefined
    if (config.lastRefusal !== undefined && config.lastRefusal.at !== refusedAt) {
      announce('The last file was refused. The one before stays in force.')
    }
    refusedAt = config.lastRefusal?.at
    const ages = issuers.map((issuer) => ageOf(issuer, state.atMs))
    show('keys', [issuers, ages], () => toKeys(issuers, ages))
    show('limiter', [limiter, processes.running], () => toLimiter(limiter, processes.running))
    show('upstreams', upstreams, () => toUpstreams(upstreams))
  }
}

function rows(...pairs: readonly (readonly [string, Child])[]): HTMLElement {
  return h(
    'dl',
    { class: 'rows' },
    ...pairs.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
  )
}

function badge(kind: 'good' | 'bad' | 'warn', text: string): HTMLElement {
  return h('span', { class: `badge ${kind}` }, text)
}

function toConfig({ digest, appliedAt, source, routes, tests, reports, lastRefusal }: ConsoleState['config']): Child[] {
  const isBehind = lastRefusal !== undefined
  return [
    h('h3', {}, 'Configuration ', isBehind ? badge('warn', 'a newer file was refused') : badge('good', 'in force')),
    rows(
      ['Digest', h('code', {}, digest)],
      ['Applied', h('time', { datetime: appliedAt }, appliedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC'))],
      ['File', h('code', {}, source)],
      ['Holds', `${plural(routes, 'route')}, ${tests.green} of ${plural(tests.run, 'test')} green`],
      ...reports.map(({ route, until, isOver }): [string, Child] => [
        'Report mode',
        `${route} ${until === undefined ? 'without an end' : `until ${until}`}${isOver ? ', which is over' : ''}`,
      ]),
    ),
  ]
}

function toRefusal(refusal: ConsoleState['config']['lastRefusal']): Child[] {
  if (refusal === undefined) return []
  return [
    h(
      'h2',
      { id: 'refusal-title' },
      'The last file was refused ',
      h('small', {}, refusal.at.replace('T', ' ').slice(0, 19)),
    ),
    h('p', {}, 'The one before stays in force. Mend this and save:'),
    ...refusal.problems.map(({ text, line, column }) =>
      h(
        'div',
        { class: 'problem-text' },
        line !== undefined && h('p', {}, h('b', {}, `line ${line}, column ${column}`)),
        h('pre', { tabindex: 0 }, text),
      ),
    ),
  ]
}

function ageOf({ fetchedAtMs }: IssuerState, nowMs: number): string {
  return fetchedAtMs === undefined ? 'never' : `${formatMs(nowMs - fetchedAtMs)} ago`
}

function toKeys(issuers: readonly IssuerState[], ages: readonly string[]): Child[] {
  const title = h('h3', {}, 'Signing keys')
  if (issuers.length === 0) return [title, h('p', { class: 'muted' }, 'The file names no issuer.')]
  return [title, ...issuers.map((issuer, index) => toIssuer(issuer, ages[index] ?? ''))]
}

function toIssuer(
  { name, issuer, jwks, keys, lastError, freshForMs, staleForMs }: IssuerState,
  age: string,
): HTMLElement {
  const mark = lastError === undefined ? badge('good', 'fresh') : badge('bad', `last fetch failed: ${lastError}`)
  const state =
    keys.length === 0 ? badge('bad', lastError === undefined ? 'no keys yet' : `no keys: ${lastError}`) : mark
  return h(
    'div',
    { class: 'issuer' },
    h('h4', {}, name, ' ', state),
    rows(
      ['Issuer', h('code', {}, issuer)],
      ['Keys from', jwks === undefined ? 'discovery' : h('code', {}, jwks)],
      ['Fetched', `${age}; refreshed after ${formatMs(freshForMs)}, usable for ${formatMs(staleForMs)}`],
    ),
    h(
      'ul',
      { class: 'keys' },
      ...keys.map(({ kid, alg }) => h('li', {}, h('code', {}, kid ?? 'without kid'), h('small', {}, alg))),
    ),
  )
}

function toLimiter({ store, open }: ConsoleState['limiter'], processes: number): Child[] {
  const isOpen = open > 0
  const state = isOpen ? badge('bad', 'given up for now') : badge('good', store === 'redis' ? 'connected' : 'in use')
  const breaker = isOpen ? `open in ${open} of ${plural(processes, 'process').replace(/ss$/, 'sses')}` : 'closed'
  return [
    h('h3', {}, 'Rate-limit store ', state),
    rows(
      ['Windows', store === 'redis' ? 'in Redis, one for all processes' : 'in memory, in each process'],
      ['Circuit breaker', store === 'redis' ? breaker : 'not needed'],
      ['While it is open', store === 'redis' ? 'each limit does what its onStoreError says' : 'not needed'],
    ),
  ]
}

function toUpstreams(upstreams: ConsoleState['upstreams']): Child[] {
  return [
    h('h3', {}, 'Upstreams'),
    h(
      'ul',
      { class: 'upstreams' },
      ...upstreams.map(({ name, urls }) =>
        h(
          'li',
          {},
          h('b', {}, name),
          ...urls.map(({ url, isDown }) =>
            h('div', {}, h('code', {}, url), ' ', isDown ? badge('bad', 'unreachable') : badge('good', 'no failure')),
          ),
        ),
      ),
    ),
  ]
}
