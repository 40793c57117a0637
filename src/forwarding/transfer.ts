/**
 * One exchange with an upstream, as a state machine: callbacks instead of promises and web streams, which cost several
 * times more per request. Phases: sending the request, waiting for the head, receiving the body.
 */
import type { Duplex } from 'node:stream'
import { GatewayError } from '../errors.ts'
import type { AddressBook } from './address-book.ts'
import type { ForwardRequest, ForwardResult } from './forward.ts'
import { BodyCutShort, RequestBody } from './request-body.ts'
import { readResponseHead } from './response-headers.ts'
import { SilenceTimer } from './silence-timer.ts'
import { isWebSocketSwitch, joinSockets, writeUpgradeHead } from './upgrade.ts'
import { type UpstreamClient, UpstreamError, type UpstreamHandler, type UpstreamRequest } from './upstream-client.ts'
import { toGatewayError } from './upstream-failure.ts'

/** Log status of a request whose client left before an answer, as nginx has it. */
const CLIENT_CLOSED = 499

export class Transfer implements UpstreamHandler {
  readonly #client: UpstreamClient
  readonly #addresses: AddressBook
  readonly #request: ForwardRequest
  readonly #resolve: (result: ForwardResult) => void
  readonly #reject: (error: unknown) => void
  #phase: 'sending' | 'waiting' | 'receiving' | 'done' = 'sending'
  #body: RequestBody | null = null
  #abort: (() => void) | undefined
  #failure: GatewayError | undefined
  #clientLeft = false
  #idle: 'client_idle' | 'upstream_idle' | undefined
  #tried: string[] = []
  #repeated = false
  #origin = ''
  #status = 0
  #bytes = 0
  readonly #timer = new SilenceTimer(() => this.#onSilence())

  constructor(
    client: UpstreamClient,
    addresses: AddressBook,
    request: ForwardRequest,
    resolve: (result: ForwardResult) => void,
    reject: (error: unknown) => void,
  ) {
    this.#client = client
    this.#addresses = addresses
    this.#request = request
    this.#resolve = resolve
    this.#reject = reject
  }

  start(): void {
    // Not the answer's own event: one that waits behind another (pipelining) has no socket yet, and would not hear of it.
    this.#request.incoming.socket.once('close', this.#onClientClose)
    this.#attempt()
  }

  #attempt(): void {
    const { upstream, timeouts, method, path, headers, upgrade } = this.#request
    const origin = this.#addresses.pick(upstream, this.#tried) as string
    this.#origin = origin
    this.#tried.push(origin)
    const request: UpstreamRequest = {
      origin,
      method,
      path,
      headers,
      body: this.#takeBody(),
      connectMs: timeouts.connectMs,
      connections: upstream.connections,
      ...(upgrade === undefined ? undefined : { upgrade: 'websocket' }),
    }
    // Covers the time in the queue and the connecting, before there is anything to abort.
    this.#await('waiting', timeouts.connectMs + timeouts.responseMs)
    this.#client.dispatch(request, this)
  }

  #takeBody(): RequestBody | Buffer | null {
    const { incoming, hasBody, bufferedBody, maxBodyBytes, awaitsContinue, outgoing } = this.#request
    if (bufferedBody !== undefined) return bufferedBody
    if (!hasBody) return null
    const progress = () => this.#timer.noteActivity()
    // Only now, authorised and with an upstream that listens, is the client asked for its body.
    const begin = () => {
      if (awaitsContinue) outgoing.writeContinue()
    }
    this.#body = new RequestBody(incoming, maxBodyBytes, progress, begin)
    // Whoever is to know of an error hears of it through the client; without a listener it would end the process.
    this.#body.on('error', () => {})
    this.#body.once('end', () => {
      if (this.#phase === 'sending') this.#await('waiting', this.#request.timeouts.responseMs)
    })
    return this.#body
  }

  /** Enters a phase that may be silent for `ms`. */
  #await(phase: 'sending' | 'waiting' | 'receiving', ms: number): void {
    this.#phase = phase
    this.#timer.start(ms)
  }

  #onSilence(): void {
    if (this.#phase === 'receiving') {
      this.#idle = this.#request.outgoing.writableNeedDrain ? 'client_idle' : 'upstream_idle'
    } else if (this.#phase === 'sending' && this.#body?.wanted) {
      this.#failure = new GatewayError('request_timeout', 'body_idle', { closeConnection: true })
    } else this.#failure = new GatewayError('upstream_timeout', 'upstream_response_timeout')
    if (this.#abort === undefined) this.onError(new UpstreamError('aborted'))
    else this.#abort()
  }

  onStart(abort: () => void): boolean {
    this.#addresses.markUp(this.#origin)
    if (this.#phase === 'done') return false
    this.#abort = abort
    const { timeouts } = this.#request
    if (this.#body === null) this.#await('waiting', timeouts.responseMs)
    else this.#await('sending', timeouts.idleMs)
    return true
  }

  /** RFC 9110 section 15.2: interim answers pass. 100 is the gateway's own business. */
  onInformation(status: number, headers: string[]): void {
    const { outgoing, incoming } = this.#request
    if (incoming.httpVersion === '1.0' || outgoing.headersSent || outgoing.destroyed) return
    // Nothing holds the upstream back here: what the client does not take at once is left out.
    if (incoming.socket.writableNeedDrain) return
    try {
      outgoing.writeInformation(status, readResponseHead(status, headers, this.#request.ownsResponseField).headers)
    } catch {
      // An interim answer that cannot be passed on is left out; the final one decides.
    }
  }

  onHead(status: number, rawHeaders: string[], resume: () => void): void {
    const { outgoing, incoming, responseFields, ownsResponseField, timeouts, method } = this.#request
    let contentLength: number | undefined
    try {
      const head = readResponseHead(status, rawHeaders, ownsResponseField)
      contentLength = head.contentLength
      // The rest of the client's body has nowhere to go: the connection cannot be used again.
      const closing = incoming.complete ? [] : ['Connection', 'close']
      outgoing.writeHead(status, [...head.headers, ...responseFields, ...closing])
    } catch (error) {
      this.#failure = new GatewayError('upstream_invalid', 'upstream_fields', {}, error)
      this.#abort?.()
      return
    }
    this.#status = status
    this.#await('receiving', timeouts.idleMs)
    outgoing.on('drain', resume)
    // Without a length the body may be long in coming (server-sent events): the head must not wait for it.
    if (contentLength === undefined && method !== 'HEAD') process.nextTick(flushHead, outgoing)
  }

  onData(chunk: Buffer): boolean {
    this.#timer.noteActivity()
    this.#bytes += chunk.length
    return this.#request.outgoing.write(chunk)
  }

  onEnd(): void {
    this.#request.outgoing.end()
    this.#finish(undefined)
  }

  onUpgrade(status: number, rawHeaders: string[], upstreamSocket: Duplex): void {
    const { upgrade, incoming, responseFields, ownsResponseField, timeouts } = this.#request
    if (upgrade === undefined || this.#phase === 'done' || !isWebSocketSwitch(rawHeaders)) {
      upstreamSocket.destroy()
      this.onError(new UpstreamError('invalid'))
      return
    }
    this.#status = status
    this.#timer.stop()
    incoming.socket.off('close', this.#onClientClose)
    const { headers } = readResponseHead(status, rawHeaders, ownsResponseField)
    writeUpgradeHead(upgrade.socket, [...headers, ...responseFields])
    joinSockets(upgrade.socket, upgrade.head, upstreamSocket, timeouts.idleMs, (bytes) => {
      this.#bytes = bytes
      this.#finish(undefined)
    })
  }

  onError(error: UpstreamError): void {
    if (this.#phase === 'done') return
    const unconnected = error.kind === 'connect' || error.kind === 'connect-timeout'
    if (unconnected) this.#addresses.markDown(this.#origin)
    if (unconnected ? this.#mayTryAnother() : this.#mayRepeat(error)) {
      this.#attempt()
      return
    }
    if (this.#clientLeft || error.cause instanceof BodyCutShort) {
      this.#status ||= CLIENT_CLOSED
      this.#finish('client_closed')
    } else if (this.#request.outgoing.headersSent) {
      // The status is out; a cut connection is the only way left to say that the answer is not whole.
      this.#request.outgoing.destroy()
      this.#finish(this.#idle ?? 'upstream_reset')
    } else {
      this.#leave()
      this.#reject(this.#failure ?? toGatewayError(error))
    }
  }

  #mayTryAnother(): boolean {
    const { upstream } = this.#request
    return !this.#clientLeft && !this.#body?.begun && this.#tried.length < upstream.urls.length
  }

  /** RFC 9112 section 9.3.1: safe methods alone, and once. Whatever connection the second attempt gets, it is the last. */
  #mayRepeat(error: UpstreamError): boolean {
    const { method, hasBody } = this.#request
    const isSafe = (method === 'GET' || method === 'HEAD') && !hasBody
    if (error.kind !== 'stale' || !isSafe || this.#repeated || this.#clientLeft) return false
    this.#repeated = true
    this.#tried = this.#tried.filter((origin) => origin !== this.#origin)
    return true
  }

  readonly #onClientClose = (): void => {
    if (this.#phase === 'done') return
    this.#clientLeft = true
    this.#abort?.()
    this.#status ||= CLIENT_CLOSED
    this.#finish('client_closed')
  }

  #leave(): void {
    this.#phase = 'done'
    this.#timer.stop()
    // One that still waits in the queue must not begin.
    this.#body?.destroy()
    this.#request.incoming.socket.off('close', this.#onClientClose)
  }

  #finish(aborted: ForwardResult['aborted']): void {
    this.#leave()
    this.#resolve({ status: this.#status, bytes: this.#bytes, aborted, origin: this.#origin })
  }
}

function flushHead(outgoing: ForwardRequest['outgoing']): void {
  if (!outgoing.writableEnded && !outgoing.destroyed) outgoing.flushHeaders()
}
