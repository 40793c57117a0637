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

/** The process and its descendants that live now. */
export function processTree(pid: number): number[] {
  const children = tasksOf(pid).flatMap((task) => read(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean))
  return [pid, ...children.flatMap((child) => processTree(Number(child)))]
}

/** CPU milliseconds that the tree has used so far, user and system; steps of 10 ms. */
export function cpuMsOf(pid: number): number {
  return sum(processTree(pid).map((one) => parseCpuMs(read(`/proc/${one}/stat`))))
}

export function rssMiBOf(pid: number): number {
  return sum(processTree(pid).map((one) => parseRssMiB(read(`/proc/${one}/status`))))
}

function tasksOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`)
}

function read(file: string): string {
  return readFileSync(file, 'utf8')
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
