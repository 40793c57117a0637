/** Test results for CI servers, in the form that JUnit's Ant task writes and all of them read. */
import type { TestReport } from './run-tests.ts'
import { nameOf, toProblem } from './run-tests.ts'

/** `file` as messages should call it. */
export function toJUnit({ results }: TestReport, file: string): string {
  const failed = results.filter(({ failures }) => failures.length > 0).length
  const cases = results.map((result) => {
    const { test, failures } = result
    const place = `file="${escapeXml(file)}" line="${test.place.line}"`
    const head = `    <testcase classname="${escapeXml(file)}" name="${escapeXml(nameOf(test))}" ${place}`
    if (failures.length === 0) return `${head}/>`
    const { message } = toProblem(result, file)
    return `${head}>\n      <failure message="${escapeXml(message)}">${escapeXml(`${file}:${test.place.line}: ${message}`)}</failure>\n    </testcase>`
  })
  const suite = `name="${escapeXml(file)}" tests="${results.length}" failures="${failed}" errors="0" skipped="0"`
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite ${suite}>
${cases.join('\n')}
  </testsuite>
</testsuites>
`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** XML 1.0 has no way to write most controls, so they are replaced. */
function escapeXml(text: string): string {
  const writable = text.toWellFormed().replace(/[^\t\n\r\u0020-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
  return writable.replace(/[&<>"]/g, (character) => ENTITIES[character] as string).replace(/[\t\n\r]/g, ' ')
}
