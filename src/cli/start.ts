import type { CommandIo } from './command-io.ts'

/** `scopegate start`: runs the gateway. */
export async function run(io: CommandIo, _args: string[]): Promise<number> {
  io.stderr('scopegate: start is not built yet\n')
  return 1
}
