/** `scopegate start` as a process of its own, on free ports. */
import { type ChildProcess, spawn } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { waitFor } from './wait-for.ts'

const ROOT = new URL('../..', import.meta.url).pathname

/** Runs its arguments; the reader outlives a SIGTERM to them all. */
const PIPE = '"$@" | (trap "" TERM; exec cat)'

type FileContent = Readonly<Record<string, unknown>>
type LogLine = Readonly<Record<string, unknown>>

export interface GatewayProcess {
  readonly url: string
  readonly adminUrl: string
  readonly child: ChildProcess
  readonly configFile: string
  /** Lines of the log so far, parsed. */
  logs(): readonly LogLine[]
  /** All that it printed, on both streams. */
  output(): string
  /** Replaces the file; the gateway sees it by itself. */
  rewrite(file: FileContent): Promise<void>
  /** The exit code, when it ends. */
  readonly exited: Promise<number | null>
  /** SIGTERM; the exit code. */
  stop(): Promise<number | null>
}

export interface SpawnOptions {
  /** What is run in place of `src/main.ts start`. */
  readonly program?: readonly string[]
  /** After the name of the file. */
  readonly args?: readonly string[]
  /** In a process group of its own. */
  readonly detached?: boolean
  readonly env?: Readonly<Record<string, string>>
  /** With a pipe of the shell as its stdout, where Node.js would make a socket. Ends by SIGTERM to its group. */
  readonly throughPipe?: true
  /** With this file as its stdout. */
  readonly logFile?: string
}

/** Resolves when it listens; rejects with what it printed when it ends before. */
export async function spawnGateway(file: FileContent, options: SpawnOptions = {}): Promise<GatewayProcess> {
  const {
    program = ['src/main.ts', 'start'],
    args = [],
    throughPipe = false,
    detached = throughPipe,
    logFile,
  } = options
  const folder = await mkdtemp(join(tmpdir(), 'scopegate-'))
  const configFile = join(folder, 'scopegate.yaml')
  const rewrite = (content: FileContent) => writeFile(configFile, onFreePorts(content))
  await rewrite(file)
  const { PORT: _, ...env } = process.env
  const command = [process.execPath, ...program, '-c', configFile, ...args]
  const [executable = '', ...rest] = throughPipe ? ['sh', '-c', PIPE, 'sh', ...command] : command
  const child = spawn(executable, rest, {
    ...{ cwd: ROOT, detached },
    env: { ...env, ...options.env },
    stdio: ['pipe', logFile === undefined ? 'pipe' : openSync(logFile, 'a'), 'pipe'],
  })
  const killWithUs = () => child.kill('SIGKILL')
  process.once('exit', killWithUs)
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      printed += chunk
    })
  }
  const output = () => (logFile === undefined ? printed : readFileSync(logFile, 'utf8') + printed)
  // Not `exit`: what was printed last may still be on its way.
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve))
  const logs = () => {
    const text = output()
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line): LogLine => JSON.parse(line))
  }
  const listening = () => logs().find(({ msg }) => msg === 'listening')
  const addresses = await new Promise<LogLine>((resolve, reject) => {
    child.stdout?.on('data', () => {
      const line = listening()
      if (line !== undefined) resolve(line)
    })
    if (logFile !== undefined) waitFor('the gateway to listen', listening).then(resolve, reject)
    void exited.then((code) => reject(new Error(`scopegate start ended with ${code}:\n${output()}`)))
  })
  return {
    url: String(addresses.url),
    adminUrl: String(addresses.adminUrl),
    child,
    configFile,
    logs,
    output,
    rewrite,
    exited,
    async stop() {
      // A test may have ended it already.
      const isRunning = child.exitCode === null && child.signalCode === null
      if (isRunning) process.kill(throughPipe ? -(child.pid ?? 0) : (child.pid ?? 0), 'SIGTERM')
      const code = await exited
      process.off('exit', killWithUs)
      await rm(folder, { recursive: true, force: true })
      return code
    },
  }
}

function onFreePorts(content: FileContent): string {
  return stringify({ version: 1, listen: { host: '127.0.0.1', port: 0 }, admin: { port: 0 }, ...content })
}
