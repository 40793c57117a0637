/** Programs under test and what stands beside them: started pinned to a core, ready when their port answers. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'

/** Cores that this process may use, such as `0-3,8`. */
export function parseCores(status: string): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '0'
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
}

const cores = parseCores(readFileSync('/proc/self/status', 'utf8'))
/** What is measured runs here, alone. */
export const GATEWAY_CORE = cores[0] ?? 0
/** Load, upstream, issuer, Redis and this program. On a machine of one core: the same one. */
export const LOAD_CORE = cores[1] ?? GATEWAY_CORE

export interface Running {
  readonly pid: number
  readonly port: number
  /** SIGTERM, and SIGKILL after ten seconds; resolves when it is gone. */
  stop(): Promise<void>
}

export interface StartOptions {
  /** One, or several that it may use. */
  readonly core: number | readonly number[]
  readonly port: number
  /** Its standard output and error; what it printed is quoted when it does not start. */
  readonly outputFile: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** The bundle of a checkout, started as its first line says, by the Node that runs the bench. */
export function programOf(root: string): readonly string[] {
  const file = join(root, 'dist/main.js')
  const flags = /^#!\/usr\/bin\/env (?:-S )?node *(.*)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? ''
  return [process.execPath, ...flags.split(' ').filter((flag) => flag !== ''), file]
}

/** Nothing that was started outlives this program. */
const children = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/** Starts a program and waits until its port takes connections. Rejects with its output when it ends before, or after 20 s. */
export async function startPinned(command: readonly string[], options: StartOptions): Promise<Running> {
  const output = openSync(options.outputFile, 'a')
  const child = spawn('taskset', ['-c', String(options.core), ...command], {
    stdio: ['ignore', output, output],
    env: { ...inheritedEnvironment(), ...options.env },
    ...(options.cwd !== undefined && { cwd: options.cwd }),
  })
  children.add(child)
  child.once('exit', () => children.delete(child))
  await once(child, 'spawn')
  await portIsOpen(child, options, command)
  return { pid: child.pid as number, port: options.port, stop: () => end(child) }
}

/** As in production: nothing that tunes or instruments a Node process is passed on. */
function inheritedEnvironment(): Record<string, string | undefined> {
  const { PORT: _port, NODE_OPTIONS: _options, VITEST: _vitest, ...rest } = process.env
  return { ...rest, NODE_ENV: 'production' }
}

async function portIsOpen(child: ChildProcess, options: StartOptions, command: readonly string[]): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!(await canConnect(options.port))) {
    if (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      continue
    }
    child.kill('SIGKILL')
    throw new Error(`${command.join(' ')} did not start:\n${readFileSync(options.outputFile, 'utf8').slice(-4000)}`)
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await gone
  clearTimeout(timer)
}

/** Moves this process with all its threads; what it starts from now on inherits the core. */
export function pinSelf(core: number): void {
  execFileSync('taskset', ['-a', '-c', '-p', String(core), String(process.pid)])
}

/** Where a program is, as an absolute path; undefined when PATH and `sbin` do not have it. */
export function findProgram(name: string): string | undefined {
  const folders = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`
  try {
    const found = execFileSync('sh', ['-c', 'command -v "$1"', 'sh', name], {
      encoding: 'utf8',
      env: { ...process.env, PATH: folders },
    })
    return found.trim()
  } catch {
    return undefined
  }
}
