/** A command on a pseudo-terminal of its own, by `script` of util-linux, as somebody sits in front of it. */
import { spawn, spawnSync } from 'node:child_process'
import { describeWith } from './describe-with.ts'
import { waitFor } from './wait-for.ts'

/** Ends the input, where a line begins. */
export const END = '\u0004'

export interface Terminal {
  /** Waits until `prompt` shows, after what was seen before, and types a line. */
  readonly answer: (prompt: string, line: string) => Promise<void>
  readonly type: (keys: string) => void
  /** All that showed. */
  readonly screen: () => string
  /** The exit code of the command. */
  readonly exited: Promise<number | null>
}

export function openTerminal(command: readonly string[], cwd: string): Terminal {
  const line = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', line, '/dev/null'], {
    ...{ cwd, stdio: 'pipe' },
    env: { PATH: process.env.PATH ?? '', SHELL: '/bin/sh', TERM: 'dumb' },
  })
  let shown = ''
  let seen = 0
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      shown += chunk
    })
  }
  return {
    async answer(prompt, text) {
      await waitFor(`"${prompt}" on the terminal; there is: ${shown}`, () => shown.includes(prompt, seen), 60_000)
      seen = shown.indexOf(prompt, seen) + prompt.length
      child.stdin.write(`${text}\n`)
    },
    type: (keys) => void child.stdin.write(keys),
    screen: () => shown,
    exited: new Promise((resolve) => child.once('close', resolve)),
  }
}

/** `describeWith` a terminal. */
export function describeWithTerminal(name: string, body: () => void): void {
  const isThere = spawnSync('script', ['--version']).status === 0
  describeWith(isThere ? undefined : 'script (util-linux) is not in PATH', name, body, { timeout: 120_000 })
}
