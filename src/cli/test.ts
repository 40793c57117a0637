/** `scopegate test`: runs the tests of the file, and says which allow lines none of them touches. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { toJUnit } from '../authoring/junit.ts'
import { type CoveredLine, nameOf, runTests, type TestReport, toLineNumber, toProblem } from '../authoring/run-tests.ts'
import { createExamples, type FindExample, toTestEntry } from '../authoring/suggest-test.ts'
import { describeLine } from '../authoring/words.ts'
import { withBodies } from '../compile-bodies.ts'
import { formatProblem, withoutControls } from '../config/problem.ts'
import { FILE_OPTIONS, loadFor, printProblems } from './arguments.ts'
import { type Colours, coloursFor } from './colours.ts'
import type { CommandIo } from './command-io.ts'

export async function run(io: CommandIo, args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { ...FILE_OPTIONS, junit: { type: 'string' } } })
  const { config: file, json, junit } = values
  const result = await withBodies(loadFor(io, file))
  if (result.config === undefined) return printProblems(io, result, json)
  const now = Date.now()
  const report = runTests(result.config, now)
  const findExample = createExamples(result.config, now)
  if (junit !== undefined) {
    try {
      writeFileSync(path.resolve(io.cwd, junit), toJUnit(report, file))
    } catch {
      io.stderr(`scopegate: ${junit} cannot be written\n`)
      return 2
    }
  }
  const isGreen = report.results.every(({ failures }) => failures.length === 0)
  if (json) io.stdout(`${JSON.stringify(toJson(report, findExample), null, 2)}\n`)
  else print(io, report, findExample, file)
  return isGreen ? 0 : 1
}

function print(io: CommandIo, report: TestReport, findExample: FindExample, file: string): void {
  const colours = coloursFor(io)
  const { results, coverage } = report
  const red = results.filter(({ failures }) => failures.length > 0)
  for (const result of results) {
    const isGreen = result.failures.length === 0
    io.stdout(`${isGreen ? colours.good('✓') : colours.bad('✗')} ${withoutControls(nameOf(result.test))}\n`)
    if (!isGreen) io.stdout(`${formatProblem(toProblem(result, file))}\n`)
  }
  const untouched = coverage.filter(({ tests }) => tests === 0)
  if (untouched.length > 0) io.stdout('\nNo test is let through by:\n')
  for (const line of untouched) io.stdout(hint(line, findExample, file, colours))
  const touched = coverage.length - untouched.length
  io.stdout(`\n${results.length - red.length} of ${results.length} tests are green; `)
  io.stdout(`${touched} of ${coverage.length} lines have a test that they let through\n`)
}

function hint(line: CoveredLine, findExample: FindExample, file: string, { faint }: Colours): string {
  const example = findExample(line)
  const head = `  ${file}:${lineInFile(line)}: ${line.route.path}: ${who(line)}`
  const mend = example === undefined ? 'no request can get here' : toTestEntry(example)
  return `${withoutControls(head)}\n    ${faint(withoutControls(mend))}\n`
}

function lineInFile({ route, line }: CoveredLine): number {
  return line === 'public' ? route.line : (route.policy.allow[line]?.line ?? route.line)
}

function who({ route, line }: CoveredLine): string {
  if (line === 'public') return 'public'
  const allow = route.policy.allow[line]
  return allow === undefined ? '' : `line ${line + 1}, ${describeLine(allow)}`
}

function toJson({ results, coverage }: TestReport, findExample: FindExample) {
  return {
    ok: results.every(({ failures }) => failures.length === 0),
    tests: results.map(({ test, failures, simulation: { answer, match, decision, upstreamPath } }) => ({
      name: nameOf(test),
      line: test.place.line,
      ok: failures.length === 0,
      failures,
      status: answer.status,
      ...(match && { route: match.route.path }),
      ...(decision?.allowed && { allowLine: toLineNumber(decision.line) }),
      ...(upstreamPath !== undefined && { upstreamPath }),
    })),
    coverage: coverage.map((covered) => {
      const example = covered.tests === 0 ? findExample(covered) : undefined
      return {
        route: covered.route.path,
        line: lineInFile(covered),
        allowLine: toLineNumber(covered.line),
        tests: covered.tests,
        ...(example && { suggestion: toTestEntry(example) }),
      }
    }),
  }
}
