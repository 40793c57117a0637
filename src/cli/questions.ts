/** Questions on a terminal, or answers from a pipe. */
import { createInterface } from 'node:readline'
import type { CommandIo } from './command-io.ts'

export interface Question<T> {
  readonly text: string
  /** Taken for an empty answer. */
  readonly preset: string
  /** Throws an Error with a text for people when the answer will not do. */
  readonly read: (answer: string) => T
}

export interface Questions {
  /** Asks until an answer will do. Rejects with an Error for people when there are no more answers. */
  readonly ask: <T>(question: Question<T>) => Promise<T>
  readonly close: () => void
}

/** Answers nothing but presets. */
export const UNASKED: Questions = {
  ask: async ({ preset, read }) => read(preset),
  close: () => undefined,
}

/** Questions go to where messages go, so that a result may go elsewhere. The terminal itself echoes and edits the line. */
export function createQuestions({ input, stderr }: CommandIo): Questions {
  if (input === undefined) return UNASKED
  const reader = createInterface({ input: input(), terminal: false })
  const lines = reader[Symbol.asyncIterator]()
  async function ask<T>(question: Question<T>): Promise<T> {
    const { text, preset, read } = question
    stderr(preset === '' ? `${text}: ` : `${text} [${preset}]: `)
    const { value, done } = await lines.next()
    if (done)
      throw new Error(
        `no answer to "${text}"; nothing was written. Options can say it, and --yes takes what is in brackets`,
      )
    try {
      return read(value.trim() || preset)
    } catch (error) {
      stderr(`  ${(error as Error).message}\n`)
      return ask(question)
    }
  }
  return { ask, close: () => reader.close() }
}
