/** The bench of growth as a whole: build, measure section by section, print, judge, keep. */
import { execFileSync } from 'node:child_process'
import type { BenchArguments } from '../arguments.ts'
import { describeCommit, describeMachine } from '../machine.ts'
import { findProgram, LOAD_CORE, pinSelf } from '../processes.ts'
import { createWorld, type World } from '../world.ts'
import { saveGrowth, saveGrowthPicture, toGrowthTable } from './save-growth.ts'
import type { Section } from './section.ts'
import { chooseSections } from './sections.ts'

/** So much of the full size is enough to see that a section works. */
const SMOKE_SCALE = 0.001

/** Throws after the last section when a promise was broken. A smoke test is too short to say so. */
export async function benchGrowth(settings: BenchArguments, root: string): Promise<void> {
  if (findProgram('taskset') === undefined) throw new Error('taskset is not installed')
  const sections = chooseSections(settings.sections)
  if (settings.build) execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: root, stdio: 'inherit' })
  pinSelf(LOAD_CORE)
  const world = await createWorld()
  const broken: string[] = []
  try {
    for (const section of sections) {
      const missing = section.missing()
      if (missing !== undefined) console.log(`section skipped: ${section.id}: ${missing}`)
      else if (!(await benchSection(section, world, settings, root))) broken.push(section.id)
    }
  } finally {
    await world.close()
  }
  if (!settings.smoke && broken.length > 0) throw new Error(`promises broken: ${broken.join(', ')}`)
}

/** Whether all that has to hold did. */
async function benchSection(section: Section, world: World, settings: BenchArguments, root: string): Promise<boolean> {
  const points = await section.measure(world, settings.smoke ? SMOKE_SCALE : 1, (text) => console.error(text))
  const verdicts = section.judge(points)
  console.log(`${section.title}\n${toGrowthTable(section, points)}`)
  for (const { text, kept } of verdicts) console.log(`${kept ? '✓' : '✗'} ${text}`)
  console.log()
  if (settings.save) {
    const [date, commit] = [new Date().toISOString(), describeCommit(root)]
    await saveGrowth(section, { date, commit, machine: describeMachine(), points }, root)
    await saveGrowthPicture(section, root)
  }
  return verdicts.every(({ kept }) => kept)
}
