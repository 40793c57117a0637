/** The page: asks once a second while somebody looks, and shows what came. */
import type { ConsoleState } from '../state.ts'
import { askRoutes, askState } from './ask.ts'
import { announce, byId, setText } from './dom.ts'
import { createLiveView } from './live-view.ts'
import { createRoutesView } from './routes-view.ts'
import { createSeries } from './series.ts'
import { createStateView } from './state-view.ts'
import { createTryView } from './try-view.ts'

const EVERY_MS = 1_000

const series = createSeries()
const showLive = createLiveView(series)
const showState = createStateView()
const trial = createTryView()
const routes = createRoutesView(series, ({ path, access }) => {
  trial.begin(access[0]?.methods[0] ?? 'GET', toExample(path))
})
const pause = byId<HTMLButtonElement>('pause')
let digest: string | undefined
let isPaused = false

/** A path that fits a pattern of the file. */
function toExample(pattern: string): string {
  return pattern.replace(/\{\w+\}/g, '1').replace(/\*\*$/, '1')
}

async function look(): Promise<void> {
  try {
    const state = await askState()
    series.add(state)
    await showRoutes(state)
    showLive(state)
    showState(state)
    routes.update(state)
    showHealth(
      state.notReady.length === 0 ? 'good' : 'warn',
      state.notReady.length === 0 ? 'Ready' : state.notReady.join(', '),
    )
  } catch {
    showHealth('bad', 'No answer')
  }
}

async function showRoutes({ config }: ConsoleState): Promise<void> {
  if (config.digest === digest) return
  const answer = await askRoutes()
  if (digest !== undefined) announce('A new configuration is in force.')
  digest = answer.digest
  routes.show(answer)
}

function showHealth(kind: 'good' | 'warn' | 'bad', text: string): void {
  const health = byId('health')
  health.className = `pill ${kind}`
  setText(health, text)
}

/** A page that nobody sees asks for nothing. */
async function keepLooking(): Promise<void> {
  for (;;) {
    if (!isPaused && document.visibilityState === 'visible') await look()
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
  }
}

function togglePause(): void {
  isPaused = !isPaused
  pause.setAttribute('aria-pressed', String(isPaused))
  announce(isPaused ? 'Paused' : 'Live again')
}

const SECTIONS = ['live', 'routes', 'try', 'state']
const SHORTCUTS: Readonly<Record<string, () => void>> = {
  '/': () => byId('search').focus(),
  t: () => byId('try-path').focus(),
  p: togglePause,
}

pause.addEventListener('click', togglePause)
document.addEventListener('keydown', (event) => {
  const { target, key } = event
  if (event.ctrlKey || event.metaKey || event.altKey) return
  if (target instanceof HTMLElement && target.matches('input, textarea, select')) {
    if (key === 'Escape') target.blur()
    return
  }
  const section = SECTIONS[Number(key) - 1]
  const run = section === undefined ? SHORTCUTS[key] : () => goTo(section)
  if (run === undefined) return
  event.preventDefault()
  run()
})

function goTo(id: string): void {
  const section = byId(id)
  section.tabIndex = -1
  section.focus()
  section.scrollIntoView()
}

void keepLooking()
