import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import net, { type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { writeConfig } from '../support/gateway.ts'
import { type GatewayProcess, spawnGateway } from '../support/gateway-process.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'
import { waitFor } from '../support/wait-for.ts'
import { FAULT_TIMEOUT_MS, runFault } from './run-fault.ts'

/** Room for a busy machine: neither fault makes a request wait. */
const DECIDED_WITHIN_MS = 1000

/** Changes a limit of a process that runs (getrlimit(2)); the kernel itself then makes the fault. */
function setLimit(gateway: GatewayProcess, name: 'fsize' | 'nofile', value: number | 'unlimited'): void {
  execFileSync('prlimit', ['--pid', String(gateway.child.pid), `--${name}=${value}:`])
}

describe('a gateway whose machine', () => {
  let folder: string
  let logFile: string
  let upstream: TestUpstream
  let forgetful: TestUpstream
  let gateway: GatewayProcess

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scopegate-machine-'))
    logFile = join(folder, 'log')
    upstream = await startUpstream((_, outgoing) => outgoing.end('ok'))
    forgetful = await startUpstream((_, outgoing) => outgoing.setHeader('connection', 'close').end('ok'))
    const route = (name: string) => ({ path: `/${name}`, to: name, methods: ['GET'], public: 'for a test' })
    const file = { upstreams: { kept: upstream.url, new: forgetful.url }, routes: ['kept', 'new'].map(route) }
    gateway = await spawnGateway(file, { logFile })
  })
  afterAll(async () => {
    await gateway?.stop()
    for (const part of [upstream, forgetful]) await part?.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('has no space for the log', { timeout: FAULT_TIMEOUT_MS }, async (context) => {
    let sizeWhenFull = 0
    await runFault(context, 'the machine', 'has no space for the log', {
      gateway,
      paths: { any: '/kept' },
      tokens: ['-', '-', '-'],
      decidedWithinMs: DECIDED_WITHIN_MS,
      maxLines: 0,
      make: async () => {
        setLimit(gateway, 'fsize', (await stat(logFile)).size)
        // It may have grown until then, and cannot any more.
        sizeWhenFull = (await stat(logFile)).size
      },
      meanwhile: async () => expect((await stat(logFile)).size).toBe(sizeWhenFull),
      mend: () => setLimit(gateway, 'fsize', 'unlimited'),
    })
  })

  it('has no file descriptors left', { timeout: FAULT_TIMEOUT_MS }, async (context) => {
    const crowd = startCrowd(gateway)
    await runFault(context, 'the machine', 'has no file descriptors left', {
      gateway,
      paths: { kept: '/kept', new: '/new' },
      // One at a time, so that no second connection to the upstream is needed.
      tokens: ['-'],
      decidedWithinMs: DECIDED_WITHIN_MS,
      maxLines: 0,
      make: () => {
        setLimit(gateway, 'nofile', 64)
        return crowd.come()
      },
      mend: () => crowd.leave(),
    })
  })
})

describe('a gateway whose log is on a full disk from the start (ENOSPC)', () => {
  it('answers, and ends when it is told to', async () => {
    const port = await freePort()
    const routes = [{ path: '/', to: 'none', public: 'for a test' }]
    const upstreams = { none: 'http://127.0.0.1:9' }
    const file = { listen: { host: '127.0.0.1', port }, upstreams, routes, admin: false }
    const config = await writeConfig(file)
    const full = openSync('/dev/full', 'w')
    const args = ['src/main.ts', 'start', '-c', config.file]
    const child = spawn(process.execPath, args, { stdio: ['ignore', full, 'pipe'] })
    try {
      const get = () => fetch(`http://127.0.0.1:${port}/nowhere`).catch(() => undefined)
      for (let answered = 0; answered < 20; answered += 1) {
        const answer = await waitFor('an answer', get, 30_000)
        expect(answer.status).toBe(401)
      }
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      expect(await gone).toEqual([0, null])
    } finally {
      child.kill('SIGKILL')
      closeSync(full)
      await config.close()
    }
  })
})

/** More clients than there are descriptors, who come again when they are turned away. */
function startCrowd({ url }: GatewayProcess) {
  const { port } = new URL(url)
  const sockets = new Set<Socket>()
  let isHere = false
  let turnedAway = 0

  function connect(): void {
    if (!isHere) return
    const socket = net.connect(Number(port), '127.0.0.1')
    sockets.add(socket)
    socket
      .on('error', () => {})
      .once('close', () => {
        sockets.delete(socket)
        turnedAway += 1
        setTimeout(connect, 5)
      })
  }

  return {
    async come() {
      isHere = true
      for (let i = 0; i < 100; i += 1) connect()
    },
    async leave() {
      isHere = false
      const all = [...sockets]
      for (const socket of all) socket.destroy()
      await Promise.all(all.map((socket) => socket.closed || once(socket, 'close')))
      expect(turnedAway).toBeGreaterThan(100)
    },
  }
}
