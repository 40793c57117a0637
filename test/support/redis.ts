/** A real `redis-server` from PATH, on a free port and without persistence, that a test may stop, kill and pause. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { Redis } from 'ioredis'
import { describeWith } from './describe-with.ts'
import { freePort } from './free-port.ts'

export interface TestRedis {
  readonly url: string
  readonly port: number
  /** Starts it again, on the same port, after `stop` or `kill`. */
  restart(): Promise<void>
  /** SIGTERM, and waits until it is gone. */
  stop(): Promise<void>
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>
  isRunning(): boolean
  /** SIGSTOP: connections stay open, nothing is answered. */
  pause(): void
  /** SIGCONT. */
  resume(): void
  flush(): Promise<void>
  /** Runs one command on a connection of its own. */
  command(name: string, ...args: (string | number)[]): Promise<unknown>
}

/** The part that is missing, in one line. */
const redisMissing: string | undefined =
  spawnSync('redis-server', ['--version']).status === 0 ? undefined : 'redis-server is not in PATH'

/** `describeWith` a real Redis. */
export function describeWithRedis(name: string, body: () => void): void {
  describeWith(redisMissing, name, body)
}

/** The Redis at REDIS_URL, or a server of its own; `close` ends only the latter. For tests that leave the server alone. */
export async function findRedis(): Promise<{ readonly url: string; close(): Promise<void> }> {
  if (process.env.REDIS_URL) return { url: process.env.REDIS_URL, async close() {} }
  const redis = await startRedis()
  return { url: redis.url, close: redis.kill }
}

/** Likewise, for tests that can also use REDIS_URL. */
export function describeWithAnyRedis(name: string, body: () => void): void {
  describeWith(process.env.REDIS_URL ? undefined : redisMissing, name, body)
}

/** @param args Further arguments of redis-server; a configuration file comes first. */
export async function startRedis(...args: string[]): Promise<TestRedis> {
  const port = await freePort()
  let server = await spawnRedis(port, args)
  const url = `redis://127.0.0.1:${port}`

  const isRunning = () => server.exitCode === null && server.signalCode === null

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (!isRunning()) return
    const gone = once(server, 'exit')
    server.kill(signal)
    await gone
  }

  async function command(name: string, ...values: (string | number)[]): Promise<unknown> {
    // Also one that is loading is to be asked.
    const client = new Redis(url, { enableReadyCheck: false })
    client.on('error', () => {})
    try {
      return await client.call(name, ...values)
    } finally {
      client.disconnect()
    }
  }

  return {
    url,
    port,
    command,
    async restart() {
      server = await spawnRedis(port, args)
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    isRunning,
    pause: () => void server.kill('SIGSTOP'),
    resume: () => void server.kill('SIGCONT'),
    async flush() {
      await command('FLUSHALL')
    },
  }
}

async function spawnRedis(port: number, args: readonly string[]): Promise<ChildProcess> {
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', '/tmp']
  const file = args.filter((argument) => argument.endsWith('.conf'))
  const options = [...settings, ...args.slice(file.length)]
  const server = spawn('redis-server', [...file, ...options], { stdio: ['ignore', 'pipe', 'inherit'] })
  const killWithUs = () => server.kill('SIGKILL')
  process.once('exit', killWithUs)
  server.once('exit', () => process.off('exit', killWithUs))
  let output = ''
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.once('exit', () => reject(new Error(`redis-server did not start:\n${output}`)))
    server.stdout.on('data', (chunk) => {
      output = (output + String(chunk)).slice(-4096)
      if (/Ready to accept connections|\+monitor/.test(output)) resolve()
    })
  })
  return server
}
