/** `scopegate start` in a process that counts what it does. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { writeConfig } from '../support/gateway.ts'
import type { Collected } from './answers.ts'

const ROOT = new URL('../..', import.meta.url).pathname
const COUNTERS = new URL('./counters.ts', import.meta.url).pathname

const BARE_SERVER = new URL('./bare-server.ts', import.meta.url).pathname
/** Node's count of objects is experimental, and says so. */
const NODE_OPTIONS = ['--disable-warning=ExperimentalWarning']

type Counts = Readonly<Record<string, number>>

export interface CountedProcess {
  readonly url: string
  /** All that it has done so far. */
  counts(): Promise<Counts>
  /** What `work` makes it do, by name; what does not happen is 0. */
  count(work: () => Promise<unknown>): Promise<Counts>
  /** It reads no socket while `work` runs: all that arrives meanwhile is read in one turn of its event loop. */
  whileStanding(work: () => Promise<unknown>): Promise<void>
  /** What its collector of garbage found during `work`. */
  collect(work: () => Promise<unknown>): Promise<Collected>
  /** Objects now alive, by class. */
  objects(): Promise<Counts>
  close(): Promise<void>
}

export interface CountOptions {
  /** Names of counters, see `counters.ts`. */
  readonly counters?: readonly string[]
  readonly nodeOptions?: readonly string[]
}

export async function startCounted(
  file: Readonly<Record<string, unknown>>,
  options: CountOptions = {},
): Promise<CountedProcess> {
  const config = await writeConfig({ log: { access: 'none' }, ...file })
  const counted = await spawnCounted(['src/main.ts', 'start', '-c', config.file], options)
  return {
    ...counted,
    async close() {
      await counted.close()
      await config.close()
    },
  }
}

/** What `node:http` does by itself, to be told from what the gateway adds. */
export function startBareServer(options: CountOptions): Promise<CountedProcess> {
  return spawnCounted([BARE_SERVER], options)
}

/** A program that prints a line of JSON with its `url` when it listens. */
async function spawnCounted(
  program: readonly string[],
  { counters = [], nodeOptions = [] }: CountOptions,
): Promise<CountedProcess> {
  const { PORT: _, ...env } = process.env
  const child = spawn(process.execPath, [...NODE_OPTIONS, ...nodeOptions, '--import', COUNTERS, ...program], {
    cwd: ROOT,
    // Many of these are started: what Node made of the sources need not be made again.
    env: { ...env, COUNT: counters.join(' '), NODE_COMPILE_CACHE: join(tmpdir(), 'scopegate-compile-cache') },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc', 'pipe'],
  })
  const killWithUs = () => child.kill('SIGKILL')
  process.once('exit', killWithUs)
  // A test that failed half-way leaves it behind: the run ends all the same.
  for (const part of [child, child.channel, ...child.stdio]) (part as Partial<ChildProcess> | null)?.unref?.()
  const exited = once(child, 'exit')
  const ask = async (question: string) => {
    const answered = once(child, 'message')
    child.send(question)
    const [answer] = await Promise.race([answered, exited])
    if (answer?.question !== question) throw new Error(`the process ended when it was asked for ${question}`)
    return answer.answer
  }
  const counts = async () => difference({}, await ask('counts'))
  const url = await addressOf(child)
  await ask('compiled')
  return {
    url,
    counts,
    async count(work) {
      const before = await counts()
      await work()
      return difference(before, await counts())
    },
    async whileStanding(work) {
      const gate = child.stdio[4] as Readable & Writable
      const goesOn = ask('stand')
      await once(gate, 'data')
      await work()
      gate.write('.')
      await goesOn
    },
    async collect(work) {
      await ask('watchCollections')
      await work()
      return ask('collections')
    },
    objects: () => ask('objects'),
    async close() {
      // How it ends in good order is tested elsewhere.
      child.kill('SIGKILL')
      await exited
      process.off('exit', killWithUs)
    },
  }
}

/** Reads on, for what it prints must go somewhere. */
function addressOf(child: ChildProcess): Promise<string> {
  let text = ''
  return new Promise((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (chunk) => {
      text = (text + chunk).slice(-10_000)
      const url = /"url":"([^"]+)"/.exec(text)?.[1]
      if (url !== undefined) resolve(url)
    })
    child.once('exit', (code) => reject(new Error(`the process ended with ${code}:\n${text}`)))
  })
}

/** A name that nobody has counted is 0. */
function difference(before: Counts, after: Counts): Counts {
  const names = Object.keys(after)
  const counts = Object.fromEntries(names.map((name) => [name, (after[name] ?? 0) - (before[name] ?? 0)]))
  return new Proxy(counts, { get: (target, name) => Reflect.get(target, name) ?? (name === 'then' ? undefined : 0) })
}
