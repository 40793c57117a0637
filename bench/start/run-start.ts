/** The bench of starts as a whole: build, measure, print, keep. */
import { execFileSync } from 'node:child_process'
import type { BenchArguments } from '../arguments.ts'
import { describeCommit, describeMachine } from '../machine.ts'
import { findProgram, LOAD_CORE, pinSelf } from '../processes.ts'
import { createWorld } from '../world.ts'
import { MOST_MS, measureStart, saveStart, tooSlow, toStartTable } from './start.ts'

/** Throws when a start takes longer than it may. A smoke test is too short to say so. */
export async function benchStart(settings: BenchArguments, root: string): Promise<void> {
  if (findProgram('taskset') === undefined) throw new Error('taskset is not installed')
  if (settings.build) execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: root, stdio: 'inherit' })
  pinSelf(LOAD_CORE)
  const world = await createWorld()
  try {
    const rows = await measureStart(world, root, settings.rounds, (text) => console.error(text))
    console.log(toStartTable(rows))
    if (!settings.save) return
    const slow = tooSlow(rows)
    if (slow.length > 0) throw new Error(`more than ${MOST_MS} ms: ${slow.map(({ id }) => id).join(', ')}`)
    await saveStart(
      {
        date: new Date().toISOString(),
        commit: describeCommit(root),
        command: ['npm run bench --', ...process.argv.slice(2)].join(' '),
        machine: describeMachine(),
        rounds: settings.rounds,
        rows,
      },
      root,
    )
  } finally {
    await world.close()
  }
}
