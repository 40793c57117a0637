#!/usr/bin/env -S node --disable-sigusr1 --max-semi-space-size=4
/** The process: arguments, environment, streams, signals. The only file that touches it. */
import packageFile from '../package.json' with { type: 'json' }
import type { CommandIo } from './cli/command-io.ts'
import { dispatch } from './cli/dispatch.ts'

const io: CommandIo = {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  isTerminal: process.stdout.isTTY === true,
  logDescriptor: process.stdout.fd,
  input: () => process.stdin,
  env: process.env,
  cwd: process.cwd(),
  onSignal(signal, handler) {
    process.on(signal, handler)
    return () => void process.off(signal, handler)
  },
}

// Node opens its debugger at this signal, on a port that everybody on the machine may connect to. Whoever listens prevents it,
// also where the first line is not read.
process.on('SIGUSR1', () => {})

// A reader that has seen enough (`scopegate routes | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

/** The message and the members of an error may quote anything; a name and the place in the program are enough. */
function reportFailure(error: unknown): void {
  const { name, stack = '' } = error instanceof Error ? error : new Error('thrown value')
  const frames = stack.split('\n').filter((line) => line.startsWith('    at '))
  io.stderr(`scopegate: failed unexpectedly (${name})\n${frames.join('\n')}\n`)
}

// Node.js would print the error with all that hangs on it: the bytes of a request, its fields.
process.on('uncaughtException', (error) => {
  reportFailure(error)
  process.exit(1)
})

/** No `await` at the top level: the bundle is CommonJS, see scripts/build.mjs. */
async function main(): Promise<void> {
  try {
    process.exitCode = await dispatch(io, process.argv.slice(2), packageFile.version)
  } catch (error) {
    reportFailure(error)
    process.exitCode = 1
  }
}

void main()
