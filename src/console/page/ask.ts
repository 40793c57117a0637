/** What the page asks of the admin listener it came from. */
import type { ConsoleRoutes } from '../routes.ts'
import type { ConsoleState } from '../state.ts'
import type { Trial, TrialResult } from '../try-request.ts'

const PATIENCE_MS = 5_000

export function askState(): Promise<ConsoleState> {
  return ask('/console/state')
}

export function askRoutes(): Promise<ConsoleRoutes> {
  return ask('/console/routes')
}

export function askTrial(trial: Trial): Promise<TrialResult> {
  const headers = { 'Content-Type': 'application/json' }
  return ask('/console/try', { method: 'POST', headers, body: JSON.stringify(trial) })
}

async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  const answer = await fetch(path, { ...init, cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS) })
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`)
  return answer.json()
}
