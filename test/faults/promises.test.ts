import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { PROMISES } from './promises.ts'

const folder = new URL('.', import.meta.url)
const sources = readdirSync(folder)
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => readFileSync(new URL(file, folder), 'utf8'))

describe('what is promised of faults', () => {
  it.each(Object.entries(PROMISES))('has a test that makes each fault: %s', (dependency, faults) => {
    // An unknown name fails in its test; a name that no test says is found here.
    const [of = ''] = sources.filter((source) => source.includes(`'${dependency}'`))
    expect(of).not.toBe('')
    const all = sources.filter((source) => source.includes(`'${dependency}'`)).join()
    const untested = Object.keys(faults).filter(
      (fault) => !all.includes(`'${fault}'`) && !all.includes(`\n    ${fault}: `),
    )
    expect(untested).toEqual([])
  })
})
