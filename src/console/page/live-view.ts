/** What the gateway decides at this moment. */
import type { ConsoleState } from '../state.ts'
import { createChart } from './chart.ts'
import { niceMax } from './chart-paths.ts'
import { byId, h, replace, setText } from './dom.ts'
import { formatCount } from './format.ts'
import type { Point, Recent, Series } from './series.ts'

const MAX_REASONS = 8
/** Seconds that a rate is the mean of. */
const RATE_SECONDS = 5

export function createLiveView(series: Series): (state: ConsoleState) => void {
  const draw = createChart(byId('chart'))
  const tiles = createTiles()
  return ({ load, notReady, processes }) => {
    const points = series.points()
    draw(points)
    setText(byId('peak'), points.length === 0 ? 'from now on' : `up to ${formatCount(niceMax(points))}`)
    const { allowed, denied, failed } = meanOf(points.slice(-RATE_SECONDS))
    setText(tiles.requests, formatCount(allowed + denied + failed))
    setText(tiles.allowed, formatCount(allowed))
    setText(tiles.denied, formatCount(denied))
    setText(tiles.failed, formatCount(failed))
    setText(tiles.inFlight, formatCount(load.inFlight))
    setText(tiles.processes, `${processes.running}/${processes.wanted}`)
    tiles.processes.classList.toggle('bad', processes.running < processes.wanted || notReady.length > 0)
    showReasons(series.recent())
  }
}

function createTiles() {
  const tile = (label: string, unit: string, name = '') => {
    const value = h('dd', { class: name })
    return { value, box: h('div', { class: 'tile' }, h('dt', {}, label), value, h('dd', { class: 'unit' }, unit)) }
  }
  const requests = tile('Requests', 'a second')
  const allowed = tile('Allowed', 'a second', 'allowed')
  const denied = tile('Denied', 'a second', 'denied')
  const failed = tile('Failed', 'a second', 'failed')
  const inFlight = tile('In flight', 'now')
  const processes = tile('Processes', 'running')
  const all = [requests, allowed, denied, failed, inFlight, processes]
  replace(byId('tiles'), h('dl', {}, ...all.map(({ box }) => box)))
  return {
    ...{ requests: requests.value, allowed: allowed.value, denied: denied.value, failed: failed.value },
    ...{ inFlight: inFlight.value, processes: processes.value },
  }
}

function meanOf(points: readonly Point[]): Point {
  const mean = (of: keyof Point) => points.reduce((sum, point) => sum + point[of], 0) / Math.max(1, points.length)
  return { allowed: mean('allowed'), denied: mean('denied'), failed: mean('failed') }
}

function showReasons(recent: readonly Recent[]): void {
  const refused = recent.filter(({ outcome }) => outcome !== 'allowed')
  const top = refused.toSorted((a, b) => b.lastMinute - a.lastMinute || b.total - a.total).slice(0, MAX_REASONS)
  const most = Math.max(1, ...top.map(({ lastMinute }) => lastMinute))
  const title = h('h3', {}, 'Why not ', h('span', { class: 'muted' }, 'last minute, and since the start'))
  if (top.length === 0) {
    replace(byId('reasons'), title, h('p', { class: 'muted' }, 'No request was refused yet.'))
    return
  }
  replace(byId('reasons'), title, h('ul', { class: 'reasons' }, ...top.map((one) => toReason(one, most))))
}

function toReason({ route, status, reason, outcome, lastMinute, total }: Recent, most: number): HTMLElement {
  const bar = h('meter', { class: outcome, min: 0, max: most, value: lastMinute, 'aria-hidden': 'true' })
  return h(
    'li',
    {},
    h('span', { class: 'name' }, h('b', { class: outcome }, status), ` ${reason.replaceAll('_', ' ')}`),
    h('span', { class: 'count' }, formatCount(lastMinute), h('small', {}, ` / ${formatCount(total)}`)),
    h('code', {}, route === '' ? 'no route' : route),
    bar,
  )
}
