/** `scopegate dev` as a process of its own, and the lines that it prints, run in a shell. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'

const ROOT = new URL('../..', import.meta.url).pathname
export const ANY_PORT = ['', 'admin-', 'issuer-', 'orders-', 'catalog-', 'page-'].flatMap((name) => [
  `--${name}port`,
  '0',
])

export interface Dev {
  readonly child: ChildProcess
  /** Everything printed so far. */
  readonly output: () => string
  readonly exited: Promise<number | null>
}

/** KEYCLOAK_URL and REDIS_URL come from `env` only: those of the test run must not decide what a test sees. */
export function spawnDev(args: readonly string[], env: Record<string, string> = {}): Dev {
  const { KEYCLOAK_URL: _, REDIS_URL: __, PORT: ___, ...rest } = process.env
  const child = spawn(process.execPath, ['src/main.ts', 'dev', ...args], { cwd: ROOT, env: { ...rest, ...env } })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      text += chunk
    })
  }
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  return { child, output: () => text, exited }
}

/** Resolves when the command has printed `text`; rejects when it ends before. */
export function printed(dev: Dev, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const check = () => dev.output().includes(text) && resolve()
    dev.child.stdout?.on('data', check)
    void dev.exited.then(() => reject(new Error(`ended: ${dev.output()}`)))
    check()
  })
}

/** Pastes the printed lines into one shell, in their order: what each one showed, by its comment. */
export async function answersOf(dev: Dev): Promise<Map<string, string>> {
  const lines = [...dev.output().matchAll(/^# (.+)\n(.+)$/gm)].map(([, shows = '', command = '']) => ({
    shows,
    command,
  }))
  const script = lines.map(({ command }, index) => `echo '=== ${index}'\n${command}\n`).join('')
  const { stdout } = await promisify(execFile)('sh', ['-c', script])
  const parts = stdout.split('=== ').slice(1)
  return new Map(
    parts.map((part) => {
      const [index = '', ...rest] = part.split('\n')
      return [lines[Number(index)]?.shows ?? '', rest.join('\n')]
    }),
  )
}
