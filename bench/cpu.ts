/** CPU time and memory of a process and all its descendants, read from /proc. */
import { readdirSync, readFileSync } from 'node:fs'

/** Of Linux' clock ticks: 100 a second on every architecture that Node runs on. */
const TICK_MS = 10

/** utime + stime of /proc/PID/stat, in milliseconds. The name before them may hold blanks and parentheses. */
export function parseCpuMs(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

/** VmRSS of /proc/PID/status, in MiB; 0 for a process that has ended and not been waited for. */
export function parseRssMiB(status: string): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024
}

/** What a core has worked so far, for anyone: all but `idle` and `iowait` of its line in /proc/stat, in milliseconds. */
export function parseBusyMs(stat: string, core: number): number {
  const line = new RegExp(`^cpu${core} (.*)$`, 'm').exec(stat)?.[1] ?? ''
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.split(' ').map(Number)
  return (user + nice + system + irq + softirq + steal) * TICK_MS
}

/** The process and its descendants that live now; throws when the process itself has ended. */
export function processTree(pid: number): number[] {
  return [pid, ...childrenOf(readdirSync(`/proc/${pid}/task`), pid).flatMap(descendants)]
}

/** CPU milliseconds that the tree has used so far, user and system; steps of 10 ms. */
export function cpuMsOf(pid: number): number {
  return sumOf(
    processTree(pid).map((one) => `/proc/${one}/stat`),
    parseCpuMs,
  )
}

/** Milliseconds that a core has worked so far, for anyone. */
export function busyMsOf(core: number): number {
  return parseBusyMs(readFileSync('/proc/stat', 'utf8'), core)
}

export function rssMiBOf(pid: number): number {
  return sumOf(
    processTree(pid).map((one) => `/proc/${one}/status`),
    parseRssMiB,
  )
}

function descendants(pid: number): number[] {
  return [pid, ...childrenOf(tasksOf(pid), pid).flatMap(descendants)]
}

function childrenOf(tasks: readonly string[], pid: number): number[] {
  const lists = tasks.map((task) => read(`/proc/${pid}/task/${task}/children`) ?? '')
  return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number))
}

function tasksOf(pid: number): string[] {
  return unlessGone(() => readdirSync(`/proc/${pid}/task`)) ?? []
}

function sumOf(files: readonly string[], parse: (text: string) => number): number {
  const texts = files.map(read).filter((text) => text !== undefined)
  return texts.reduce((total, text) => total + parse(text), 0)
}

function read(file: string): string | undefined {
  return unlessGone(() => readFileSync(file, 'utf8'))
}

/** Threads and children may end while they are looked at: ENOENT before their files are opened, ESRCH after. */
function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return undefined
    throw error
  }
}
