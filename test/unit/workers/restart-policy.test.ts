import { describe, expect, it } from 'vitest'
import { createRestartPolicy } from '../../../src/workers/restart-policy.ts'

function policy() {
  let now = 0
  const { noteReady, noteEnd } = createRestartPolicy(() => now, 1000)
  /** It listens, runs for this long, and ends. */
  const run = (ms: number) => {
    noteReady()
    now += ms
    return noteEnd()
  }
  return { noteEnd, run }
}

describe('the restart policy', () => {
  it('replaces a worker at once, then after waits that double up to half a minute', () => {
    const { run } = policy()
    const waits = Array.from({ length: 9 }, () => run(59_999))
    expect(waits).toEqual([0, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
  })

  it('begins anew after a worker that ran for a minute', () => {
    const { run } = policy()
    expect([run(1), run(1), run(1), run(60_000), run(1)]).toEqual([0, 1000, 2000, 0, 1000])
  })

  it('gives up after five starts in a row of which none came to listen', () => {
    const { noteEnd } = policy()
    expect(Array.from({ length: 5 }, noteEnd)).toEqual([0, 1000, 2000, 4000, undefined])
  })

  it('counts failed starts from the last one that came to listen', () => {
    const { noteEnd, run } = policy()
    for (let i = 0; i < 4; i++) noteEnd()
    expect(run(1)).toBe(8000)
    expect([noteEnd(), noteEnd(), noteEnd(), noteEnd()]).toEqual([16_000, 30_000, 30_000, 30_000])
    expect(noteEnd()).toBeUndefined()
  })
})
