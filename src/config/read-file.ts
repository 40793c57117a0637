import { closeSync, openSync, readSync } from 'node:fs'

/** Reads a UTF-8 text of at most this many bytes; throws an `Error` whose message names no path. */
export type ReadFile = (path: string, maxBytes: number) => string

/** Reads from the disk. Never more than `maxBytes`, whatever the path leads to. */
export const readTextFile: ReadFile = (path, maxBytes) => {
  let bytes: Buffer
  try {
    bytes = readBounded(path, maxBytes + 1)
  } catch (error) {
    throw new Error(reasonOf(error))
  }
  if (bytes.length > maxBytes) throw new Error(`has more than ${maxBytes} bytes`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Error('is not UTF-8')
  }
}

function readBounded(path: string, maxBytes: number): Buffer {
  const descriptor = openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(maxBytes)
    let length = 0
    for (let read = -1; read !== 0 && length < buffer.length; length += read) {
      read = readSync(descriptor, buffer, length, buffer.length - length, null)
    }
    return buffer.subarray(0, length)
  } finally {
    closeSync(descriptor)
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return 'does not exist'
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read by this user'
  return code === 'EISDIR' ? 'is a folder' : 'cannot be read'
}
