/** Says with which seed a nightly run began and how many cases it tried, and fails it when they were too few. */
import { readFileSync } from 'node:fs'

/** What a client's bytes get to first: so many cases at least, by folder of `test/unit`. */
const PROMISED: Readonly<Record<string, number>> = {
  authentication: 1_000_000,
  routing: 1_000_000,
  http: 1_000_000,
  forwarding: 1_000_000,
}

export function setup(): void {
  console.log(`Properties with the seed ${process.env.CASES_SEED} (CASES_SEED repeats it)`)
}

export function teardown(): void {
  const counts = new Map<string, number>()
  for (const line of readFileSync(process.env.CASES_COUNTED ?? '', 'utf8')
    .trim()
    .split('\n')) {
    const [file = '', cases] = line.split('\t')
    const area = /\/test\/\w+\/([\w-]+)/.exec(file)?.[1] ?? ''
    counts.set(area, (counts.get(area) ?? 0) + Number(cases))
  }
  for (const [area, cases] of [...counts].sort()) console.log(`${area.padEnd(16)}${cases.toLocaleString('en')} cases`)
  const short = Object.entries(PROMISED).filter(([area, least]) => (counts.get(area) ?? 0) < least)
  if (short.length > 0) throw new Error(`Fewer cases than promised: ${short.map(([area]) => area).join(', ')}`)
}
