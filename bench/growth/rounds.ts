/** Rounds of good requests, with the CPU and the memory that they take. */
import { truncate } from 'node:fs/promises'
import { cpuMsOf, rssMiBOf } from '../cpu.ts'
import { countErrors, type Load, runLoad } from '../load.ts'
import type { Running } from '../processes.ts'
import { median, orderOf } from '../statistics.ts'
import { BODY, type World } from '../world.ts'
import type { Point } from './section.ts'

export interface Candidate {
  readonly size: number
  readonly gateway: Running
  /** Where its output goes. */
  readonly id: string
  readonly load: Omit<Load, 'seconds' | 'port'>
}

export interface Rounds {
  readonly rounds: number
  readonly seconds: number
  readonly warmUpSeconds: number
}

export const FULL: Rounds = { rounds: 9, seconds: 2, warmUpSeconds: 4 }

/** Fewer and shorter ones for a smaller scale, at least one of a second. */
export function scaled({ rounds, seconds, warmUpSeconds }: Rounds, scale: number): Rounds {
  const atLeastOne = (count: number) => Math.max(1, Math.round(count * scale))
  return { rounds: atLeastOne(rounds), seconds: atLeastOne(seconds), warmUpSeconds: Math.round(warmUpSeconds * scale) }
}

/** Over candidates that differ in size only. The values `cpuUs`, `rate` and `mib`: medians, and of the memory the most. A wrong answer throws. */
export async function measureInTurn(
  world: World,
  candidates: readonly Candidate[],
  { rounds, seconds, warmUpSeconds }: Rounds,
): Promise<Point[]> {
  const samples = new Map<Candidate, Sample[]>(candidates.map((candidate) => [candidate, []]))
  for (const candidate of warmUpSeconds > 0 ? candidates : []) await runRound(world, candidate, warmUpSeconds)
  for (let round = 0; round < rounds; round++) {
    for (const candidate of orderOf(candidates, round)) {
      samples.get(candidate)?.push(await runRound(world, candidate, seconds))
    }
  }
  return [...samples].map(([{ size }, taken]) => ({ size, values: summarise(taken) }))
}

function summarise(taken: readonly Sample[]): Point['values'] {
  return {
    cpuUs: median(taken.map(({ cpuUs }) => cpuUs)),
    rate: median(taken.map(({ rate }) => rate)),
    mib: Math.max(...taken.map(({ mib }) => mib)),
  }
}

/**
 * One candidate, to which ever more distinct things come, until each of `sizes` has been reached: the values between it
 * and the one before. `next` gives the load that brings new ones, and how many there are in it at most.
 */
export async function measureGrowing(
  world: World,
  candidate: Omit<Candidate, 'size' | 'load'>,
  sizes: readonly number[],
  next: (
    seen: number,
  ) => Promise<{ readonly load: Candidate['load']; readonly seconds: number; readonly most: number }>,
): Promise<Point[]> {
  let seen = 0
  const points: Point[] = []
  for (const size of sizes) {
    const taken: Sample[] = []
    while (seen < size) {
      const { load, seconds, most } = await next(seen)
      const sample = await runRound(world, { ...candidate, size, load }, seconds)
      taken.push(sample)
      seen += Math.min(sample.requests, most)
    }
    if (taken.length > 0) points.push({ size, values: summarise(taken) })
  }
  return points
}

interface Sample {
  readonly requests: number
  readonly cpuUs: number
  readonly rate: number
  readonly mib: number
}

async function runRound(world: World, { gateway, id, load }: Candidate, seconds: number): Promise<Sample> {
  const cpuBefore = cpuMsOf(gateway.pid)
  const { requests, seconds: lasted, bytes, errors } = await runLoad({ ...load, port: gateway.port, seconds })
  const cpuUs = ((cpuMsOf(gateway.pid) - cpuBefore) * 1000) / requests
  if (countErrors(errors) > 0) throw new Error(`${id}: ${JSON.stringify(errors)}`)
  if (bytes < requests * BODY.length) throw new Error(`${id}: answers without their body`)
  await truncate(world.outputFile(id))
  return { requests, cpuUs, rate: requests / lasted, mib: rssMiBOf(gateway.pid) }
}
