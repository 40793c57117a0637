/** A gateway of several processes for tests. */
import type { ConfigStatus } from '../../src/config/config-record.ts'
import { readConfigStatus } from './config-status.ts'
import { type GatewayProcess, type SpawnOptions, spawnGateway } from './gateway-process.ts'
import { request } from './raw-http.ts'
import { waitFor } from './wait-for.ts'

/** A program for `spawnGateway` that takes what people cannot set as JSON. */
export const WORKERS_MAIN = new URL('./workers-main.ts', import.meta.url).pathname

export interface WorkersProcess extends GatewayProcess {
  /** Process ids of the workers, by their numbers; of each the one that listened last. */
  workers(): readonly number[]
  /** A value of `/metrics`, by the whole name with its labels. */
  metric(name: string): Promise<number | undefined>
  /** All requests that were counted. */
  requests(): Promise<number>
  status(): Promise<ConfigStatus>
  readiness(): Promise<{ readonly status: number; readonly reasons: readonly string[] }>
  close(): Promise<void>
}

export async function spawnWorkers(
  file: Readonly<Record<string, unknown>>,
  options: SpawnOptions = {},
): Promise<WorkersProcess> {
  const gateway = await spawnGateway({ workers: 2, ...file }, options)
  const page = (path: string) => request(gateway.adminUrl, [`GET ${path} HTTP/1.1`])
  const samples = async () =>
    (await page('/metrics')).body
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))] as const)
  return {
    ...gateway,
    workers: () =>
      gateway
        .logs()
        .filter(({ msg }) => msg === 'a worker listens')
        .reduce<number[]>((pids, { worker, pid }) => pids.with(Number(worker) - 1, Number(pid)), [0, 0]),
    metric: async (name) => (await samples()).find(([of]) => of === name)?.[1],
    requests: async () =>
      (await samples())
        .filter(([name]) => name.startsWith('scopegate_requests_total{'))
        .reduce((sum, [, value]) => sum + value, 0),
    status: () => readConfigStatus(gateway),
    async readiness() {
      const { status, body } = await page('/readyz')
      return { status, reasons: JSON.parse(body).reasons ?? [] }
    },
    async close() {
      if (gateway.child.exitCode === null && gateway.child.signalCode === null) await gateway.stop()
    },
  }
}

/** False once no process has this id. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

export async function untilGone(pids: readonly number[]): Promise<void> {
  await waitFor('the workers to be gone', () => !pids.some(isAlive))
}
