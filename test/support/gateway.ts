/** A whole gateway for tests: real file, real listeners, real sockets, on free ports. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { type RunningGateway, runGateway } from '../../src/run-gateway.ts'

export interface TestGateway extends RunningGateway {
  readonly adminUrl: string
  readonly configFile: string
  /** Access-log and other lines so far, parsed. */
  logs(): readonly Readonly<Record<string, unknown>>[]
  /** All that was logged, as text. */
  logText(): string
  /** Writes another file; the gateway sees it by itself. */
  rewrite(file: Readonly<Record<string, unknown>> | string): Promise<void>
}

/** Starts a gateway on this file; `listen` and `admin` are free ports on 127.0.0.1 unless the file says otherwise. */
export async function startGateway(
  file: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string>> = {},
): Promise<TestGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'scopegate-'))
  const configFile = join(folder, 'scopegate.yaml')
  const onFreePorts = (content: Readonly<Record<string, unknown>>) =>
    stringify({ version: 1, listen: { host: '127.0.0.1', port: 0 }, admin: { port: 0 }, ...content })
  await writeFile(configFile, onFreePorts(file))
  const lines: string[] = []
  const running = await runGateway({ configFile, env, log: (text) => lines.push(text) })
  return {
    ...running,
    adminUrl: running.adminUrl ?? '',
    configFile,
    logText: () => lines.join(''),
    logs: () =>
      lines
        .join('')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
    rewrite: (content) => writeFile(configFile, typeof content === 'string' ? content : onFreePorts(content)),
    async close() {
      await running.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A file that lets every request through to one upstream, without a token. */
export function openTo(
  upstream: string | Readonly<Record<string, unknown>>,
  route: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
  return { upstreams: { up: upstream }, routes: [{ path: '/**', to: 'up', methods, public: 'for a test', ...route }] }
}
