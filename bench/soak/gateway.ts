/** `scopegate start` from a bundle of its own, so that nobody's build changes what runs; its log is read and thrown away. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { stringify } from 'yaml'
import { buildProgram } from '../../test/support/built-program.ts'
import { programOf } from '../processes.ts'

type LogLine = Readonly<Record<string, unknown>>

export interface SoakGateway {
  readonly url: string
  readonly adminUrl: string
  readonly pid: number
  /** Of its debugger, which asks for the live heap and for nothing else. */
  readonly debuggerUrl: string
  /** Lines of failures that no client and no fault explains, and what it said on stderr; the first of them. */
  readonly complaints: readonly string[]
  /** Puts another file in the place of the one that is followed, as a whole. */
  rewrite(text: string): Promise<void>
  /** The samples of `/metrics`, by name with labels. */
  metrics(): Promise<ReadonlyMap<string, number>>
  /** SIGTERM; the exit code. */
  stop(): Promise<number | null>
}

const KEPT_COMPLAINTS = 20
const READY_WITHIN_MS = 20_000

export async function startSoakGateway(file: Record<string, unknown>): Promise<SoakGateway> {
  const program = await buildProgram()
  const folder = await mkdtemp(join(tmpdir(), 'scopegate-soak-'))
  const configFile = join(folder, 'scopegate.yaml')
  await writeFile(configFile, stringify(file))
  const { PORT: _port, NODE_OPTIONS: _options, VITEST: _vitest, ...env } = process.env
  const [executable = '', ...options] = programOf(program.folder)
  const child = spawn(executable, ['--inspect=127.0.0.1:0', ...options, 'start', '-c', configFile], {
    cwd: program.folder,
    env: { ...env, NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const killWithUs = () => child.kill('SIGKILL')
  process.once('exit', killWithUs)
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const complaints: string[] = []
  const complain = (text: string) => complaints.length < KEPT_COMPLAINTS && complaints.push(text)
  const debuggerUrl = readErrors(child, complain)
  const { url, adminUrl } = await readLog(child, exited, complain)

  const self: SoakGateway = {
    url: String(url),
    adminUrl: String(adminUrl),
    pid: child.pid as number,
    debuggerUrl: await debuggerUrl,
    complaints,
    async rewrite(text) {
      await writeFile(`${configFile}.new`, text)
      await rename(`${configFile}.new`, configFile)
    },
    metrics: async () => parseMetrics(await (await fetch(`${adminUrl}/metrics`)).text()),
    async stop() {
      child.kill('SIGTERM')
      const code = await exited
      process.off('exit', killWithUs)
      await rm(folder, { recursive: true, force: true })
      await program.remove()
      return code
    },
  }
  await untilReady(self, exited)
  return self
}

/** Resolves with the line that tells the addresses. Of later lines only complaints are kept. */
async function readLog(
  child: ChildProcess,
  exited: Promise<number | null>,
  complain: (text: string) => unknown,
): Promise<LogLine> {
  const { promise, resolve, reject } = Promise.withResolvers<LogLine>()
  createInterface(child.stdout as NodeJS.ReadableStream).on('line', (text) => {
    const line = JSON.parse(text) as LogLine
    if (line.msg === 'listening') resolve(line)
    else if (isComplaint(line)) complain(text)
  })
  void exited.then((code) => reject(new Error(`the gateway ended with ${code}`)))
  await once(child, 'spawn')
  return promise
}

/** Resolves with the address of the debugger. What is not Node's about it is a complaint. */
function readErrors(child: ChildProcess, complain: (text: string) => unknown): Promise<string> {
  return new Promise((resolve) => {
    createInterface(child.stderr as NodeJS.ReadableStream).on('line', (text) => {
      const [, url] = /^Debugger listening on (ws:\S+)$/.exec(text) ?? []
      if (url !== undefined) resolve(url)
      else if (!/^(?:For help, see: |Debugger (?:attached|ending))/.test(text)) complain(text)
    })
  })
}

/** A fault of the gateway itself, or a log that could not be written. */
function isComplaint({ msg, status }: LogLine): boolean {
  return msg === 'request' ? status === 500 : typeof msg === 'string' && /lost|unexpected|uncaught/i.test(msg)
}

async function untilReady({ adminUrl }: SoakGateway, exited: Promise<number | null>): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS
  const ended = exited.then(() => true)
  while (performance.now() < deadline) {
    const { ok } = await fetch(`${adminUrl}/readyz`)
    if (ok) return
    const pause = new Promise<boolean>((resolve) => setTimeout(resolve, 50, false))
    if (await Promise.race([ended, pause])) break
  }
  throw new Error('the gateway did not get ready')
}

/** Names with their labels, as they stand there. */
export function parseMetrics(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ')
      return [line.slice(0, end), Number(line.slice(end + 1))]
    }),
  )
}
