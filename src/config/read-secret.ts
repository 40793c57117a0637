/** Files that a field of the route-scope file names. */
import type { Path } from './problem.ts'
import type { Report } from './report.ts'

/** Reads a file named in the configuration, relative to its folder; throws an `Error` that says why not. */
export type ReadSibling = (path: string) => string

/** Undefined, and reported, when the file cannot be read. */
export function readOr<T>(path: Path, written: string, report: Report, read: (path: string) => T): T | undefined {
  try {
    return read(written)
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'cannot be read'
    report.error(path, `the file ${report.quote(path)} ${reason}`)
    return undefined
  }
}

/** One line break at the end of a secret's file is how editors end files, and not part of the secret. */
export function readSecret(
  it: string | { file: string } | undefined,
  path: Path,
  report: Report,
  read: ReadSibling,
): string | undefined {
  if (typeof it !== 'object') return it
  const secret = readOr([...path, 'file'], it.file, report, read)?.replace(/\r?\n$/, '')
  if (secret === '') report.error([...path, 'file'], `the file ${report.quote([...path, 'file'])} is empty`)
  return secret === '' ? undefined : secret
}
