/** Prints what the faults did as one table. */
import { appendFileSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'
import type { Observation } from './run-fault.ts'

const COLUMNS = ['when', 'fails like this', 'good requests got', 'requests', 'decided, p50', 'at most', 'back after']

/** The table goes to the file that FAULTS_TABLE names, too. */
export default class TableReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const observations = modules.flatMap((module) =>
      [...module.children.allTests()].flatMap((test) => test.meta().observation ?? []),
    )
    const table = render(observations.toSorted((a, b) => a.dependency.localeCompare(b.dependency)))
    console.log(`\n${table}`)
    if (process.env.FAULTS_TABLE !== undefined) appendFileSync(process.env.FAULTS_TABLE, `${table}\n`)
  }
}

function render(observations: readonly Observation[]): string {
  const rows = observations.map((one) => [
    one.dependency,
    one.fault,
    one.answers,
    String(one.requests),
    `${one.decisionP50Ms.toFixed(1)} ms`,
    `${one.decisionMaxMs.toFixed(1)} ms`,
    one.backAfterMs === undefined ? '–' : `${one.backAfterMs} ms`,
  ])
  return [COLUMNS, COLUMNS.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}
