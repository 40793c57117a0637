import { closeSync, fstatSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { countLines, createDescriptorLog, type DescriptorLog, toLossNotice } from './descriptor-log.ts'

export interface RotatingFileOptions {
  readonly file: string
  /** Size beyond which a new file is begun. */
  readonly maxBytes: number
  /** Full files that are kept: `file.1`, the newest, to `file.<keep>`. */
  readonly keep: number
  /** Told how many lines were lost. */
  readonly onLost: (lines: number) => void
}

/**
 * Appends lines to a file that only its owner may read, and begins a new one when it is full. What a full disk does not take
 * waits, within the bound of {@link createDescriptorLog}; where no new file can be begun lines are lost, so that no disk
 * fills. Both are counted, and a line in the file says so later.
 *
 * Throws when the file cannot be opened, or is no ordinary file (the opening of a pipe would wait for its reader).
 */
export function createRotatingFile(options: RotatingFileOptions): Pick<DescriptorLog, 'write' | 'close'> {
  const { file, maxBytes, keep, onLost } = options
  let current = open(file, onLost)
  // A process that was killed may have left half a line.
  if (current.bytes > 0) append('\n')
  let lostLines = 0

  function append(text: string): void {
    current.log.write(text)
    current.bytes += Buffer.byteLength(text)
  }

  function write(text: string): void {
    if (current.bytes > 0 && current.bytes + Buffer.byteLength(text) > maxBytes && !rotate()) {
      const lines = countLines(text)
      lostLines += lines
      onLost(lines)
      return
    }
    if (lostLines > 0) append(toLossNotice(lostLines))
    lostLines = 0
    append(text)
  }

  /** False when there is no new file, and nothing has changed. What still waits for the old one keeps it. */
  function rotate(): boolean {
    if (!current.log.isIdle()) return true
    const next = attempt(() => open(`${file}.new`, onLost))
    if (next === undefined) return false
    const isMoved = attempt(() => {
      for (let n = keep - 1; n >= 1; n -= 1) moveIfThere(`${file}.${n}`, `${file}.${n + 1}`)
      moveIfThere(file, `${file}.1`)
      renameSync(`${file}.new`, file)
      return true
    })
    if (isMoved === undefined) {
      closeSync(next.fd)
      attempt(() => rmSync(`${file}.new`))
      return false
    }
    closeSync(current.fd)
    current = next
    return true
  }

  async function close(): Promise<void> {
    await current.log.close()
    closeSync(current.fd)
  }

  return { write, close }
}

interface OpenFile {
  readonly fd: number
  readonly log: DescriptorLog
  bytes: number
}

function open(file: string, onLost: (lines: number) => void): OpenFile {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() === false) throw new Error(`${file} is not an ordinary file`)
  const fd = openSync(file, 'a', 0o600)
  return { fd, log: createDescriptorLog(fd, undefined, onLost), bytes: fstatSync(fd).size }
}

function moveIfThere(from: string, to: string): void {
  if (statSync(from, { throwIfNoEntry: false }) !== undefined) renameSync(from, to)
}

function attempt<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}
