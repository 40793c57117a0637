/** What a command may touch. `main.ts` fills it from the process; tests fill it with their own. */
export interface CommandIo {
  /** Writes a result; the text brings its own line ends. */
  readonly stdout: (text: string) => void
  /** Writes what is about the result: problems, warnings, usage. */
  readonly stderr: (text: string) => void
  /** `stdout` is a terminal; absent: it is not. */
  readonly isTerminal?: boolean
  /** Descriptor for the log of a process that runs until it is told to stop; absent: the log goes to `stdout`. */
  readonly logDescriptor?: number
  /** Where answers to questions come from; absent: nobody is there. Called when there is something to ask. */
  readonly input?: () => NodeJS.ReadableStream
  readonly env: Readonly<Record<string, string | undefined>>
  /** Folder that relative paths of arguments start from. */
  readonly cwd: string
  /** Calls `handler` on each of these signals until the returned function is called. */
  readonly onSignal: (signal: 'SIGHUP' | 'SIGINT' | 'SIGTERM', handler: () => void) => () => void
}

/** Reads its arguments, calls one function, prints; resolves with the exit code: 0 good, 1 bad, 2 usage or unreadable file. */
export type Command = (io: CommandIo, args: string[]) => number | Promise<number>

/** The arguments make no sense; the dispatcher prints the message with the usage and exits with 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
