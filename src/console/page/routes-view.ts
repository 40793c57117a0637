/** The route table: who may, by what limit, and where it goes. */
import type { AccessListing, RouteListing } from '../../authoring/route-listing.ts'
import type { Outcome } from '../counters.ts'
import type { ConsoleRoutes, LimitListing } from '../routes.ts'
import type { ConsoleState } from '../state.ts'
import { byId, type Child, h, replace, setText } from './dom.ts'
import { formatCount, formatMs, plural } from './format.ts'
import type { Series } from './series.ts'

/** More rows than anybody reads; a search finds the others. */
const MAX_ROWS = 200
const OUTCOMES: readonly Outcome[] = ['allowed', 'denied', 'failed']
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

interface Row {
  readonly route: RouteListing
  readonly recent: HTMLElement
  readonly upstream: HTMLElement
}

export interface RoutesView {
  show(routes: ConsoleRoutes): void
  update(state: ConsoleState): void
}

/** @param onTry somebody wants to try a request to this route */
export function createRoutesView(series: Series, onTry: (route: RouteListing) => void): RoutesView {
  const search = byId<HTMLInputElement>('search')
  let all: ConsoleRoutes = { digest: '', routes: [], limits: {} }
  let rows: readonly Row[] = []
  let last: ConsoleState | undefined

  function render(): void {
    const words = search.value.toLowerCase().split(/\s+/)
    const found = all.routes.filter((route) => words.every((word) => textOf(route).includes(word)))
    const shown = found.slice(0, MAX_ROWS)
    setText(byId('routes-count'), describeCount(found.length, shown.length, all.routes.length))
    const built = shown.map((route) => toRow(route, all.limits, onTry))
    rows = built.map(({ row }) => row)
    const empty = h('tr', {}, h('td', { colspan: 5, class: 'muted' }, 'No route fits this search.'))
    const body = built.length === 0 ? [empty] : built.map(({ element }) => element)
    const heads = ['Path', 'Who may', 'Limits', 'Upstream', 'Last minute']
    const head = h('tr', {}, ...heads.map((name) => h('th', { scope: 'col' }, name)))
    replace(byId('routes-table'), h('table', {}, h('thead', {}, head), h('tbody', {}, ...body)))
    if (last !== undefined) update(last)
  }

  function update(state: ConsoleState): void {
    last = state
    const down = new Map(state.upstreams.map(({ name, urls }) => [name, urls.filter(({ isDown }) => isDown).length]))
    for (const { route, recent, upstream } of rows) {
      const sums = series.ofRoute(route.path)
      for (const [index, outcome] of OUTCOMES.entries()) {
        const element = recent.children[index] as Element
        setText(element, `${formatCount(sums[outcome])} ${outcome}`)
        element.classList.toggle('zero', sums[outcome] === 0)
      }
      upstream.classList.toggle('down', (down.get(route.upstream) ?? 0) > 0)
      setText(upstream, (down.get(route.upstream) ?? 0) > 0 ? `${route.upstream}, unreachable` : route.upstream)
    }
  }

  search.addEventListener('input', render)
  return {
    show(routes) {
      all = routes
      render()
    },
    update,
  }
}

function describeCount(found: number, shown: number, all: number): string {
  if (shown < found) return `the first ${shown} of ${found}`
  return found === all ? plural(all, 'route') : `${found} of ${plural(all, 'route')}`
}

/** What a search looks at. */
function textOf({ path, upstream, rateLimits, issuers, access }: RouteListing): string {
  const who = access.flatMap(({ methods, who: text, because = '' }) => [...methods, text, because])
  return [path, upstream, ...rateLimits, ...issuers, ...who].join(' ').toLowerCase()
}

function toRow(route: RouteListing, limits: ConsoleRoutes['limits'], onTry: (route: RouteListing) => void) {
  const recent = h('td', { class: 'recent' }, ...OUTCOMES.map((name) => h('span', { class: name })))
  const upstream = h('span', { class: 'upstream' }, route.upstream)
  const tryIt = h(
    'button',
    { type: 'button', class: 'quiet small', 'aria-label': `Try a request to ${route.path}` },
    'Try',
  )
  tryIt.addEventListener('click', () => onTry(route))
  const element = h(
    'tr',
    {},
    h(
      'th',
      { scope: 'row' },
      h('code', { class: 'path' }, route.path),
      h('small', {}, `line ${route.line}`),
      route.mode === 'report' && h('small', { class: 'mark report' }, 'report mode'),
      route.websocket && h('small', { class: 'mark' }, 'websocket'),
      route.cors !== undefined && h('small', { class: 'mark' }, `cors ${route.cors}`),
      tryIt,
    ),
    h('td', {}, h('ul', { class: 'access' }, ...route.access.map(toAccess))),
    h('td', {}, ...toLimits(route, limits)),
    h(
      'td',
      {},
      upstream,
      route.rewrite === undefined ? undefined : h('small', { class: 'rewrite' }, `as ${route.rewrite}`),
    ),
    recent,
  )
  return { element, row: { route, recent, upstream } }
}

function toAccess({ methods, who, because, mode }: AccessListing): HTMLElement {
  const names = METHODS.every((method) => methods.includes(method as never)) ? ['any'] : methods
  return h(
    'li',
    { class: who.startsWith('public') ? 'open' : undefined },
    h('span', { class: 'methods' }, ...names.map((name) => h('span', { class: 'method' }, name))),
    h('span', {}, who, mode === 'report' && h('small', { class: 'mark report' }, 'reported only')),
    because === undefined ? undefined : h('small', {}, because),
  )
}

function toLimits({ rateLimits }: RouteListing, limits: Readonly<Record<string, LimitListing>>): Child[] {
  if (rateLimits.length === 0) return [h('span', { class: 'muted' }, 'none')]
  return rateLimits.map((name) => {
    const limit = limits[name]
    const text = limit === undefined ? '' : `${limit.limit} in ${formatMs(limit.windowMs)} by ${limit.key.join(', ')}`
    return h('div', { class: 'limit' }, h('span', {}, name), h('small', {}, text))
  })
}
