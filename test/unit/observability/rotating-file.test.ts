/** With real files: how they move is what this is about. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createRotatingFile } from '../../../src/observability/rotating-file.ts'

function start({ keep = 2, before = '' } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'scopegate-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'd.ndjson')
  if (before !== '') writeFileSync(file, before)
  const lost: number[] = []
  const log = createRotatingFile({ file, maxBytes: 30, keep, onLost: (lines) => lost.push(lines) })
  onTestFinished(log.close)
  const read = (suffix = '') => readFileSync(file + suffix, 'utf8')
  return { folder, file, log, lost, read }
}

/** Ten bytes. */
const line = (n: number) => `${String(n).padStart(9, '0')}\n`

describe('a file that is rotated by size', () => {
  it('begins a new one before it would be too large, and keeps the newest ones', () => {
    const { folder, log, lost, read } = start()
    for (let n = 0; n < 13; n += 1) log.write(line(n))
    expect(read()).toBe(line(12))
    expect(read('.1')).toBe(line(9) + line(10) + line(11))
    expect(read('.2')).toBe(line(6) + line(7) + line(8))
    expect(readdirSync(folder).toSorted()).toEqual(['d.ndjson', 'd.ndjson.1', 'd.ndjson.2'])
    expect(lost).toEqual([])
  })

  it('can be read by its owner alone', () => {
    const { file, log } = start()
    for (let n = 0; n < 4; n += 1) log.write(line(n))
    expect([file, `${file}.1`].map((name) => statSync(name).mode & 0o777)).toEqual([0o600, 0o600])
  })

  it('goes on where it ended, also behind half a line, and counts what is there', () => {
    const { log, read } = start({ before: 'half a line' })
    log.write(line(1))
    log.write(line(2))
    expect(read()).toBe(line(2))
    expect(read('.1')).toBe(`half a line\n${line(1)}`)
  })

  it('loses lines, rather than grow, while no new file can be begun; it counts them and says so', () => {
    const { file, log, lost, read } = start()
    mkdirSync(`${file}.new`)
    for (let n = 0; n < 3; n += 1) log.write(line(n))
    log.write(line(3) + line(4))
    log.write(line(5))
    expect(read()).toBe(line(0) + line(1) + line(2))
    expect(lost).toEqual([2, 1])
    rmdirSync(`${file}.new`)
    log.write(line(6))
    const [notice = '', ...rest] = read().trimEnd().split('\n')
    expect(JSON.parse(notice)).toMatchObject({ lines: 3, msg: 'log lines were lost' })
    expect(rest).toEqual([line(6).trimEnd()])
    expect(read('.1')).toBe(line(0) + line(1) + line(2))
  })

  it('changes nothing when the full file cannot be moved', () => {
    const { file, log, lost, read } = start({ keep: 1 })
    mkdirSync(join(`${file}.1`, 'x'), { recursive: true })
    for (let n = 0; n < 4; n += 1) log.write(line(n))
    expect(read()).toBe(line(0) + line(1) + line(2))
    expect(lost).toEqual([1])
    expect(existsSync(`${file}.new`)).toBe(false)
  })

  it.each(['/dev/null', '/'])('is not %s', (file) => {
    const open = () => createRotatingFile({ file, maxBytes: 1, keep: 1, onLost: () => {} })
    expect(open).toThrow(`${file} is not an ordinary file`)
  })
})
