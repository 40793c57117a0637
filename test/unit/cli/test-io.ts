import type { CommandIo } from '../../../src/cli/command-io.ts'
import { dispatch } from '../../../src/cli/dispatch.ts'

interface Place {
  readonly cwd?: string
  readonly env?: Record<string, string>
}

export interface TestIo extends CommandIo {
  readonly out: string
  readonly err: string
}

/** Keeps what a command prints. */
export function createTestIo({ cwd = '.', env = {} }: Place = {}): TestIo {
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

/** Runs a command in this process, of any version. */
export async function runCommand(args: readonly string[], place: Place = {}) {
  const io = createTestIo(place)
  const code = await dispatch(io, args, '1.2.3')
  return { code, out: io.out, err: io.err }
}
