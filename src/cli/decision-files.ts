/** Decision logs, read line by line: they may be larger than memory. */
import { hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import path from 'node:path'
import { type DecisionLine, readDecision } from '../authoring/read-decision.ts'
import type { DecisionRecord } from '../observability/decision-record.ts'
import { type CommandIo, UsageError } from './command-io.ts'

/** A longer line is none of ours. */
const MAX_LINE_LENGTH = 1024 * 1024

export interface LinesRead {
  readonly records: number
  /** Lines that are no records. */
  readonly malformed: number
  /** Lines that the gateway says it could not write. */
  readonly lost: number
}

/** Throws UsageError for none, or a file that cannot be read. */
export async function readDecisions(
  { cwd }: CommandIo,
  files: readonly string[],
  take: (record: DecisionRecord) => void,
): Promise<LinesRead> {
  if (files.length === 0) throw new UsageError('expected at least one decision log: --from FILE')
  const read = { records: 0, malformed: 0, lost: 0 }
  const add = (line: DecisionLine): void => {
    if (line === undefined) read.malformed += 1
    else if ('lost' in line) read.lost += line.lost
    else {
      read.records += 1
      take(line.record)
    }
  }
  for (const file of files) {
    try {
      for await (const line of linesOf(path.resolve(cwd, file))) add(line === undefined ? line : readDecision(line))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error
      throw new UsageError(`${file} cannot be read`)
    }
  }
  return read
}

/** Lines that are not empty; undefined in place of one that is too long. */
async function* linesOf(file: string): AsyncGenerator<string | undefined> {
  let rest = ''
  let isTooLong = false
  for await (const chunk of createReadStream(file, { encoding: 'utf8' })) {
    const pieces = `${rest}${chunk}`.split('\n')
    rest = pieces.pop() ?? ''
    for (const piece of pieces) {
      if (isTooLong) yield undefined
      else if (piece !== '') yield piece
      isTooLong = false
    }
    if (rest.length > MAX_LINE_LENGTH) {
      isTooLong = true
      rest = ''
    }
  }
  if (isTooLong) yield undefined
  else if (rest !== '') yield rest
}

/** What was not read, for people; empty when all was. */
export function describeUnread({ malformed, lost }: LinesRead): string[] {
  return [
    ...(malformed === 0
      ? []
      : [
          `${malformed} ${malformed === 1 ? 'line is' : 'lines are'} no record and ${malformed === 1 ? 'was' : 'were'} left out`,
        ]),
    ...(lost === 0 ? [] : [`${lost} ${lost === 1 ? 'line was' : 'lines were'} lost when they were written`]),
  ]
}

/** In place of a client that has no name. */
export function nameOf(clientId: string | undefined): string {
  return clientId ?? '(no client)'
}

export function countOf(requests: number): string {
  return `${requests} ${requests === 1 ? 'request' : 'requests'}`
}

export function sha256(text: string): string {
  return hash('sha256', text, 'base64url')
}
