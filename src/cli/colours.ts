import type { CommandIo } from './command-io.ts'

export interface Colours {
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
  /** Of less weight than the rest. */
  readonly faint: (text: string) => string
  readonly strong: (text: string) => string
}

/** On a terminal, unless `NO_COLOR` is set (no-color.org). */
export function coloursFor({ env, isTerminal }: CommandIo): Colours {
  const isOn = isTerminal === true && !env.NO_COLOR
  const paint = (code: number) => (text: string) => (isOn ? `\u001b[${code}m${text}\u001b[0m` : text)
  return { good: paint(32), bad: paint(31), faint: paint(2), strong: paint(1) }
}
