/** The most memory that a process has had at once, from Linux' own count. */
import { readFileSync, writeFileSync } from 'node:fs'

/** VmHWM of /proc/PID/status, in MiB; 0 for a process that has ended. */
export function parsePeakMiB(status: string): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024
}

export function peakMiBOf(pid: number): number {
  return parsePeakMiB(readFileSync(`/proc/${pid}/status`, 'utf8'))
}

/** From now on the peak is counted anew (proc(5), clear_refs). */
export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}
