/** A whole gateway for tests: real file, real listeners, real sockets, on free ports. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'
import { type RunningGateway, type RunOptions, runGateway } from '../../src/run-gateway.ts'

export interface TestGateway extends RunningGateway {
  readonly adminUrl: string
  readonly configFile: string
  /** Access-log and other lines so far, parsed. */
  logs(): readonly Readonly<Record<string, unknown>>[]
  /** All that was logged, as text. */
  logText(): string
  /** Writes another file; the gateway sees it by itself. */
  rewrite(file: Readonly<Record<string, unknown>> | string): Promise<void>
  /** Writes a file beside it. */
  writeBeside(name: string, text: string): Promise<void>
}

/** A run may choose the client of all gateways: `UPSTREAM_CLIENT=undici vitest …`. */
const CLIENT = process.env.UPSTREAM_CLIENT === undefined ? {} : { upstreamClient: process.env.UPSTREAM_CLIENT }

type FileContent = Readonly<Record<string, unknown>>

/** Writes a file in a folder of its own; `listen` and `admin` are free ports on 127.0.0.1 unless the file says otherwise. */
export async function writeConfig(content: FileContent, files: Readonly<Record<string, string>> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'scopegate-'))
  const file = join(folder, 'scopegate.yaml')
  const rewrite = (next: FileContent | string) => writeFile(file, typeof next === 'string' ? next : onFreePorts(next))
  const writeBeside = async (name: string, text: string) => {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  for (const [name, text] of Object.entries(files)) await writeBeside(name, text)
  await rewrite(content)
  return { file, rewrite, writeBeside, close: () => rm(folder, { recursive: true, force: true }) }
}

function onFreePorts(content: FileContent): string {
  return stringify({ version: 1, listen: { host: '127.0.0.1', port: 0 }, admin: { port: 0 }, ...CLIENT, ...content })
}

/** Starts a gateway on this file, written as {@link writeConfig} does. */
export async function startGateway(
  content: FileContent,
  env: Readonly<Record<string, string>> = {},
  { files, ...options }: Pick<RunOptions, 'clock'> & { readonly files?: Readonly<Record<string, string>> } = {},
): Promise<TestGateway> {
  const config = await writeConfig(content, files)
  const lines: string[] = []
  const running = await runGateway({ configFile: config.file, env, log: (text) => lines.push(text), ...options })
  return {
    ...running,
    adminUrl: running.adminUrl ?? '',
    configFile: config.file,
    logText: () => lines.join(''),
    logs: () =>
      lines
        .join('')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
    rewrite: config.rewrite,
    writeBeside: config.writeBeside,
    async close() {
      await running.close()
      await config.close()
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
