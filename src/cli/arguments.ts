import { type LoadResult, loadConfigFile } from '../config/load.ts'
import { formatProblem } from '../config/problem.ts'
import { type CommandIo, UsageError } from './command-io.ts'

/** What every command about a route-scope file takes. */
export const FILE_OPTIONS = {
  config: { type: 'string', short: 'c', default: 'scopegate.yaml' },
  json: { type: 'boolean', default: false },
} as const

/** Decision logs; what follows without an option is taken for more of them, so that a shell may expand `*`. */
export const FROM_OPTION = { from: { type: 'string', multiple: true } } as const

/** No arguments at all. */
export function readNoArguments(args: string[]): void {
  if (args.length > 0) throw new UsageError('this command takes no arguments')
}

/** Loads the file with the environment of the process, relative to where the command runs. */
export function loadFor(io: CommandIo, file: string): LoadResult {
  return loadConfigFile(file, io.env, { cwd: io.cwd })
}

/** Prints what is wrong and returns the exit code: 2 when the file cannot be read, else 1. */
export function printProblems(io: CommandIo, result: LoadResult, json: boolean): number {
  const problems = result.problems ?? []
  if (json) io.stdout(`${JSON.stringify({ ok: false, problems }, null, 2)}\n`)
  else for (const problem of problems) io.stderr(`${formatProblem(problem)}\n`)
  return result.config === undefined && result.unreadable ? 2 : 1
}
