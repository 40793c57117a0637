/** What the contract of upstream clients is tested with: a handler that notes every call, and upstreams of bytes. */
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type {
  UpstreamClient,
  UpstreamError,
  UpstreamHandler,
  UpstreamRequest,
} from '../../src/forwarding/upstream-client.ts'
import { waitFor } from '../support/wait-for.ts'

export interface Probe {
  /** Names of the calls, in order; several onData in a row are one. */
  readonly calls: readonly string[]
  readonly status: number
  readonly headers: readonly string[]
  readonly interim: readonly (readonly [status: number, headers: readonly string[]])[]
  /** Latin1. */
  readonly body: string
  readonly bytes: number
  readonly error: UpstreamError | undefined
  readonly socket: Duplex | undefined
  readonly isOver: boolean
  abort(): void
  resume(): void
  /** Resolves with this at onEnd, onUpgrade or onError. */
  over(): Promise<Probe>
  /** Resolves with this at onHead. */
  headed(): Promise<Probe>
}

export interface ProbeOptions extends Partial<UpstreamRequest> {
  /** What onStart says; default: true. */
  readonly isWanted?: () => boolean
  /** What onData says; default: true. */
  readonly takesMore?: (chunk: Buffer, probe: Probe) => boolean
  /** Called in onHead. */
  readonly onHead?: (probe: Probe) => void
}

const OVER = new Set(['end', 'upgrade', 'error'])

/** Sends `GET /` with room for one connection, unless `options` say otherwise. */
export function send(client: UpstreamClient, origin: string, options: ProbeOptions = {}): Probe {
  const { isWanted = () => true, takesMore = () => true, onHead, ...request } = options
  const probe = new RecordingHandler(isWanted, takesMore, onHead)
  const defaults = { origin, method: 'GET', path: '/', headers: [], body: null, connectMs: 5_000, connections: 1 }
  client.dispatch({ ...defaults, ...request }, probe)
  return probe
}

class RecordingHandler implements UpstreamHandler, Probe {
  readonly calls: string[] = []
  status = 0
  headers: readonly string[] = []
  readonly interim: [number, readonly string[]][] = []
  readonly #chunks: Buffer[] = []
  bytes = 0
  error: UpstreamError | undefined
  socket: Duplex | undefined
  abort = () => {}
  resume = () => {}
  readonly #isWanted: () => boolean
  readonly #takesMore: (chunk: Buffer, probe: Probe) => boolean
  readonly #afterHead: ((probe: Probe) => void) | undefined

  constructor(
    isWanted: () => boolean,
    takesMore: (chunk: Buffer, probe: Probe) => boolean,
    afterHead: ((probe: Probe) => void) | undefined,
  ) {
    this.#isWanted = isWanted
    this.#takesMore = takesMore
    this.#afterHead = afterHead
  }

  get body(): string {
    return Buffer.concat(this.#chunks).toString('latin1')
  }

  get isOver(): boolean {
    return this.calls.some((name) => OVER.has(name))
  }

  async over(): Promise<Probe> {
    await waitFor('the end of an exchange', () => this.isOver)
    return this
  }

  async headed(): Promise<Probe> {
    await waitFor('the head of an answer', () => this.calls.includes('head'))
    return this
  }

  onStart(abort: () => void): boolean {
    this.calls.push('start')
    this.abort = abort
    return this.#isWanted()
  }

  onInformation(status: number, headers: string[]): void {
    this.calls.push('information')
    this.interim.push([status, headers])
  }

  onHead(status: number, headers: string[], resume: () => void): void {
    this.calls.push('head')
    this.status = status
    this.headers = headers
    this.resume = resume
    this.#afterHead?.(this)
  }

  onData(chunk: Buffer): boolean {
    if (this.calls.at(-1) !== 'data') this.calls.push('data')
    this.bytes += chunk.length
    // Large bodies are counted and not kept.
    if (this.bytes < 1_000_000) this.#chunks.push(Buffer.from(chunk))
    return this.#takesMore(chunk, this)
  }

  onEnd(): void {
    this.calls.push('end')
  }

  onUpgrade(status: number, headers: string[], socket: Duplex): void {
    this.calls.push('upgrade')
    this.status = status
    this.headers = headers
    this.socket = socket
  }

  onError(error: UpstreamError): void {
    this.calls.push('error')
    this.error = error
  }
}

/** Calls `answer` with the head of each request, its number on this connection, and the socket. Bodies are not read. */
export function onRequest(answer: (head: string, number: number, socket: Socket) => void): (socket: Socket) => void {
  return (socket) => {
    let [pending, number] = ['', 0]
    socket.on('data', (chunk) => {
      pending += chunk.toString('latin1')
      const end = pending.indexOf('\r\n\r\n')
      if (end === -1) return
      number += 1
      const head = pending.slice(0, end + 4)
      pending = ''
      answer(head, number, socket)
    })
  }
}

/** Lets everything happen that is ready to happen. */
export async function turns(count = 5): Promise<void> {
  for (let i = 0; i < count; i += 1) await new Promise((resolve) => setTimeout(resolve, 0))
}
