/** The gateway's process at one moment, and what its clients saw since the one before. */
import { readdirSync } from 'node:fs'
import { cpuMsOf, rssMiBOf } from '../cpu.ts'

export interface Sample {
  /** Seconds since the soak began. */
  readonly atS: number
  readonly rssMiB: number
  /** Open descriptors: files, sockets, pipes. */
  readonly descriptors: number
  /** Of one core, since the sample before. */
  readonly cpuPercent: number
  /** Milliseconds of reads that went right since the sample before. */
  readonly p50Ms: number
  readonly p99Ms: number
}

export function countDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

/** The smallest value that at least this share does not exceed; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

export function createSampler(pid: number): (durationsMs: readonly number[]) => Sample {
  const beganAtMs = performance.now()
  let lastAtMs = beganAtMs
  let lastCpuMs = cpuMsOf(pid)
  return (durationsMs) => {
    const nowMs = performance.now()
    const cpuMs = cpuMsOf(pid)
    const cpuPercent = ((cpuMs - lastCpuMs) / (nowMs - lastAtMs)) * 100
    lastAtMs = nowMs
    lastCpuMs = cpuMs
    return {
      atS: (nowMs - beganAtMs) / 1000,
      rssMiB: rssMiBOf(pid),
      descriptors: countDescriptors(pid),
      cpuPercent,
      p50Ms: quantile(durationsMs, 0.5),
      p99Ms: quantile(durationsMs, 0.99),
    }
  }
}
