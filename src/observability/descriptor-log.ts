import { writeSync } from 'node:fs'

export interface DescriptorLog {
  /** Takes whole lines. Never throws, and waits for nobody. */
  readonly write: (text: string) => void
  /** Nothing waits. */
  readonly isIdle: () => boolean
  /** Gives a slow reader two seconds to take what waits. */
  readonly close: () => Promise<void>
}

const BUSY_RETRY_MS = 10
const FAILED_RETRY_MS = 1000
const CLOSE_MS = 2000

/**
 * Writes lines to a file, pipe, socket or terminal, in order. What cannot be taken now (a slow reader, a full disk)
 * waits, within a bound. Beyond it the newest lines are lost, never a request; how many, a line says later.
 *
 * A stream in its place would keep any amount of memory for a reader that stands still, and end with the first error.
 *
 * One process writes to one descriptor: lines of several would tear each other.
 *
 * @param fd should not block, as that of `process.stdout` does not when it is a pipe
 * @param maxWaitingBytes a line that comes when more waits is lost
 * @param onLost told at once how many lines were
 */
export function createDescriptorLog(
  fd: number,
  maxWaitingBytes = 4 * 1024 * 1024,
  onLost: (lines: number) => void = () => {},
): DescriptorLog {
  // Holds what nothing waits before; it is free again when all has been written.
  const scratch = Buffer.allocUnsafeSlow(128 * 1024)
  const waiting: Buffer[] = []
  let lostLines = 0
  let isBusy = false
  let retry: NodeJS.Timeout | undefined

  function write(text: string): void {
    const size = waiting.reduce((sum, { length }) => sum + length, 0)
    const bytes = size === 0 ? toBytes(text, scratch) : Buffer.from(text)
    if (size > 0 && size + bytes.length > maxWaitingBytes) lose(countLines(text))
    else waiting.push(bytes)
    drain()
  }

  function lose(lines: number): void {
    lostLines += lines
    onLost(lines)
  }

  function drain(): void {
    for (let bytes = waiting[0]; bytes !== undefined; bytes = waiting[0]) {
      const taken = take(bytes)
      if (taken === 0) return
      if (taken < bytes.length) waiting[0] = bytes.subarray(taken)
      else waiting.shift()
      if (waiting.length === 0 && lostLines > 0) waiting.push(reportLoss())
    }
  }

  /** How many bytes were written. After 0 it is tried again later. */
  function take(bytes: Buffer): number {
    try {
      return writeSync(fd, bytes)
    } catch (error) {
      isBusy = (error as NodeJS.ErrnoException).code === 'EAGAIN'
      retry ??= setTimeout(tryAgain, isBusy ? BUSY_RETRY_MS : FAILED_RETRY_MS).unref()
      return 0
    }
  }

  function tryAgain(): void {
    retry = undefined
    drain()
  }

  function reportLoss(): Buffer {
    const notice = toLossNotice(lostLines)
    lostLines = 0
    return Buffer.from(notice)
  }

  async function close(): Promise<void> {
    drain()
    for (let waited = 0; waiting.length > 0 && isBusy && waited < CLOSE_MS; waited += BUSY_RETRY_MS) {
      await new Promise((resolve) => setTimeout(resolve, BUSY_RETRY_MS))
      drain()
    }
    clearTimeout(retry)
  }

  return { write, isIdle: () => waiting.length === 0, close }
}

/** The line that says so, when lines were lost. */
export function toLossNotice(lines: number): string {
  return `${JSON.stringify({ level: 'warn', time: new Date().toISOString(), lines, msg: 'log lines were lost' })}\n`
}

function toBytes(text: string, scratch: Buffer): Buffer {
  // UTF-8 takes at most three bytes for each unit of UTF-16.
  return text.length * 3 <= scratch.length ? scratch.subarray(0, scratch.write(text)) : Buffer.from(text)
}

export function countLines(text: string): number {
  return text.split('\n').length - 1
}
