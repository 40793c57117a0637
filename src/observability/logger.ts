import { type Logger, pino, stdTimeFunctions } from 'pino'
import type { LogConfig } from '../config/gateway-config.ts'

export type { Logger } from 'pino'

const FLUSH_BYTES = 32 * 1024
const FLUSH_MS = 200

/** Where lines go: written together, because a write for each line costs more than the rest of the line. */
export interface LogSink {
  write(line: string): void
  flush(): void
  close(): void
}

/** @param writeOut writes synchronously; what it throws (a full disk) loses these lines, never a request */
export function createLogSink(writeOut: (text: string) => void): LogSink {
  let pending = ''
  const flush = (): void => {
    if (pending === '') return
    const text = pending
    pending = ''
    try {
      writeOut(text)
    } catch {
      // There is no place left to say so.
    }
  }
  const timer = setInterval(flush, FLUSH_MS)
  timer.unref()
  return {
    write(line) {
      pending += line
      if (pending.length >= FLUSH_BYTES) flush()
    },
    flush,
    close() {
      clearInterval(timer)
      flush()
    },
  }
}

/** JSON lines with an ISO time. Errors show type, message and code, and no properties that may hold bytes of a request. */
export function createLogger(config: Pick<LogConfig, 'level'>, sink: LogSink): Logger {
  return pino(
    {
      level: config.level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { cause: describeCause },
    },
    sink,
  )
}

/** A chain of errors as one line of text. `rawPacket`, request objects and the like stay behind. */
export function describeCause(error: unknown): string | undefined {
  const parts: string[] = []
  for (let at = error; at instanceof Error && parts.length < 4; at = at.cause) {
    const { code } = at as Error & { code?: unknown }
    parts.push([at.name, typeof code === 'string' ? code : '', at.message].filter((part) => part !== '').join(' '))
  }
  return parts.length === 0 ? undefined : redact(parts.join(': ')).slice(0, 500)
}

/** Tokens and credentials that a library put into its message. */
function redact(text: string): string {
  return text
    .replace(/eyJ[\w-]+\.[\w-]*\.?[\w-]*/g, '[redacted]')
    .replace(/\b(bearer|basic|dpop)\s+\S+/gi, '$1 [redacted]')
    .replace(/\/\/[^\s/@]*@/g, '//[redacted]@')
}
