/** `scopegate start` as a process of its own, on free ports. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'

const ROOT = new URL('../..', import.meta.url).pathname

export interface GatewayProcess {
  readonly url: string
  readonly adminUrl: string
  readonly child: ChildProcess
  /** Lines of the log so far, parsed. */
  logs(): readonly Readonly<Record<string, unknown>>[]
  /** SIGTERM; the exit code. */
  stop(): Promise<number | null>
}

/** Resolves when it listens; rejects with what it printed when it ends before. */
export async function spawnGateway(file: Readonly<Record<string, unknown>>): Promise<GatewayProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'scopegate-'))
  const configFile = join(folder, 'scopegate.yaml')
  const onFreePorts = { version: 1, listen: { host: '127.0.0.1', port: 0 }, admin: { port: 0 }, ...file }
  await writeFile(configFile, stringify(onFreePorts))
  const { PORT: _, ...env } = process.env
  const child = spawn(process.execPath, ['src/main.ts', 'start', '-c', configFile], { cwd: ROOT, env })
  const killWithUs = () => child.kill('SIGKILL')
  process.once('exit', killWithUs)
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      text += chunk
    })
  }
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const logs = () =>
    text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line): Readonly<Record<string, unknown>> => JSON.parse(line))
  const addresses = await new Promise<Readonly<Record<string, unknown>>>((resolve, reject) => {
    child.stdout.on('data', () => {
      const line = logs().find(({ msg }) => msg === 'listening')
      if (line !== undefined) resolve(line)
    })
    void exited.then(() => reject(new Error(`scopegate start ended:\n${text}`)))
  })
  return {
    url: String(addresses.url),
    adminUrl: String(addresses.adminUrl),
    child,
    logs,
    async stop() {
      child.kill('SIGTERM')
      const code = await exited
      process.off('exit', killWithUs)
      await rm(folder, { recursive: true, force: true })
      return code
    },
  }
}
