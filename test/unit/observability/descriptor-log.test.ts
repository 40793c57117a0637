/** With real pipes and devices: how they refuse is what this is about. */
import { execFileSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createDescriptorLog } from '../../../src/observability/descriptor-log.ts'
import { waitFor } from '../../support/wait-for.ts'

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'scopegate-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return path
}

function open(path: string, flags: number): number {
  const fd = openSync(path, flags, 0o600)
  onTestFinished(() => closeSync(fd))
  return fd
}

/** A pipe that holds 64 KiB and whose reader reads when it is told to. */
function createPipe(maxWaitingBytes?: number) {
  const path = join(folder(), 'pipe')
  execFileSync('mkfifo', [path])
  const reader = open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writer = open(path, constants.O_WRONLY | constants.O_NONBLOCK)
  const log = createDescriptorLog(writer, maxWaitingBytes)
  let text = ''
  const read = (most = 1024 * 1024) => {
    const bytes = Buffer.alloc(most)
    try {
      text += bytes.subarray(0, readSync(reader, bytes)).toString('latin1')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
    return text
  }
  return { log, read }
}

/** Lines of 1,000 bytes, numbered. */
const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `${String(from + i).padEnd(999, '.')}\n`).join('')

describe('a log on a descriptor', () => {
  it('writes UTF-8, short and long texts alike', () => {
    const path = join(folder(), 'file')
    const log = createDescriptorLog(open(path, constants.O_WRONLY | constants.O_CREAT))
    const texts = ['{"a":"é😀\u2028"}\n', `${'€'.repeat(50_000)}\n`, `${'é'.repeat(200_000)}\n`, 'b\n']
    for (const text of texts) log.write(text)
    expect(readFileSync(path, 'utf8')).toBe(texts.join(''))
  })

  it('loses nothing and changes no order while a reader is slow', async () => {
    const { log, read } = createPipe()
    for (let i = 0; i < 300; i += 30) log.write(lines(i, i + 30))
    await waitFor('all lines', () => read(7001).length === 300_000)
    expect(read()).toBe(lines(0, 300))
  })

  it('keeps no more than it may for a reader that stands still, and says how many lines were lost', async () => {
    const { log, read } = createPipe(100_000)
    for (let i = 0; i < 1000; i += 10) log.write(lines(i, i + 10))
    await waitFor('the report', () => read().includes('lost'))
    const kept = read()
    const [numbered = '', report = ''] = kept.split(/(?=\{)/)
    const count = numbered.split('\n').length - 1
    expect(numbered).toBe(lines(0, count))
    expect(count).toBeLessThanOrEqual(170)
    expect(JSON.parse(report)).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      lines: 1000 - count,
      msg: 'log lines were lost',
    })
    log.write('next\n')
    expect(read()).toBe(`${kept}next\n`)
  })

  it('waits with its end for a slow reader, but not for one that stands still', async () => {
    const slow = createPipe()
    slow.log.write(lines(0, 100))
    const closed = slow.log.close()
    await waitFor('all lines', () => slow.read(7001).length === 100_000)
    await closed

    const still = createPipe()
    still.log.write(lines(0, 100))
    await still.log.close()
    expect(still.read()).toHaveLength(65_536)
  })

  it.each([
    ['a disk is full', () => open('/dev/full', constants.O_WRONLY)],
    [
      'nobody reads any more',
      () => {
        const path = join(folder(), 'pipe')
        execFileSync('mkfifo', [path])
        const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
        const writer = open(path, constants.O_WRONLY | constants.O_NONBLOCK)
        closeSync(reader)
        return writer
      },
    ],
  ])('never throws, and ends at once, when %s', async (_, openOne) => {
    const log = createDescriptorLog(openOne(), 5000)
    for (let i = 0; i < 20; i++) expect(() => log.write(lines(i, i + 1))).not.toThrow()
    await log.close()
  })
})
