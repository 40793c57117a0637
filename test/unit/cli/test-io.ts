import type { CommandIo } from '../../../src/cli/command-io.ts'

export interface TestIo extends CommandIo {
  readonly out: string
  readonly err: string
}

/** Keeps what a command prints. */
export function createTestIo({ cwd = '.', env = {} }: { cwd?: string; env?: Record<string, string> } = {}): TestIo {
  const io = {
    out: '',
    err: '',
    cwd,
    env,
    stdout: (text: string) => {
      io.out += text
    },
    stderr: (text: string) => {
      io.err += text
    },
    onSignal: () => () => undefined,
  }
  return io
}
