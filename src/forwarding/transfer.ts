/**
 * One exchange with an upstream, as a state machine: callbacks instead of promises and web streams, which cost several
 * times more per request. Phases: sending the request, waiting for the head, receiving the body.
 */
import type { Duplex } from 'node:stream'
import { GatewayError } from '../errors.ts'
import type { AddressBook } from './address-book.ts'
import type { ForwardRequest, ForwardResult } from './forward.ts'
import { BodyCutShort, BodyTooLarge, RequestBody } from './request-body.ts'
import { readResponseHead } from './response-headers.ts'
import { joinSockets, writeUpgradeHead } from './upgrade.ts'
import { type UpstreamClient, UpstreamError, type UpstreamHandler, type UpstreamRequest } from './upstream-client.ts'

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
  #idled = false
  #tried: string[] = []
  #origin = ''
  #status = 0
  #bytes = 0
  #timer: NodeJS.Timeout | undefined
  #activeAtMs = 0

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
    this.#request.outgoing.once('close', this.#onClientClose)
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
    const progress = () => {
      this.#activeAtMs = performance.now()
    }
    // Only now, authorised and with an upstream that listens, is the client asked for its body.
    const begin = () => {
      if (awaitsContinue) outgoing.writeContinue()
    }
    this.#body = new RequestBody(incoming, maxBodyBytes, progress, begin)
    this.#body.once('end', () => {
      if (this.#phase === 'sending') this.#await('waiting', this.#request.timeouts.responseMs)
    })
    return this.#body
  }

  /** Enters a phase that may be silent for `ms`. */
  #await(phase: 'sending' | 'waiting' | 'receiving', ms: number): void {
    this.#phase = phase
    this.#activeAtMs = performance.now()
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#onTimer, ms, ms)
  }

  /** Activity only notes the time; the timer finds out whether there was any. Re-arming it for each chunk would cost more. */
  readonly #onTimer = (ms: number): void => {
    const silentMs = performance.now() - this.#activeAtMs
    if (this.#phase !== 'waiting' && silentMs < ms) {
      this.#timer = setTimeout(this.#onTimer, Math.ceil(ms - silentMs), ms)
      return
    }
    if (this.#phase === 'receiving') this.#idled = true
    else if (this.#phase === 'sending' && this.#body?.wanted) {
      this.#failure = new GatewayError('request_timeout', 'body_idle', { closeConnection: true })
    } else this.#failure = new GatewayError('upstream_timeout', 'upstream_response_timeout')
    if (this.#abort === undefined) this.onError(new UpstreamError('aborted'))
    else this.#abort()
  }

  onStart(abort: () => void): void {
    this.#abort = abort
    this.#addresses.markUp(this.#origin)
    if (this.#phase === 'done') {
      abort()
      return
    }
    const { timeouts } = this.#request
    if (this.#body === null) this.#await('waiting', timeouts.responseMs)
    else this.#await('sending', timeouts.idleMs)
  }

  /** RFC 9110 section 15.2: interim answers pass. 100 is the gateway's own business. */
  onInformation(status: number, headers: string[]): void {
    const { outgoing, incoming } = this.#request
    if (status === 100 || incoming.httpVersion === '1.0' || outgoing.headersSent || outgoing.destroyed) return
    const head = readResponseHead(status, headers, this.#request.ownsResponseField)
    try {
      outgoing.writeInformation(status, head.headers)
    } catch {
      // An interim answer that cannot be passed on is left out; the final one decides.
    }
  }

  onHead(status: number, rawHeaders: string[], resume: () => void): void {
    const { outgoing, incoming, responseFields, ownsResponseField, timeouts, method } = this.#request
    const { headers, contentLength } = readResponseHead(status, rawHeaders, ownsResponseField)
    for (const part of responseFields) headers.push(part)
    // The rest of the client's body has nowhere to go: the connection cannot be used again.
    if (!incoming.complete) headers.push('Connection', 'close')
    try {
      outgoing.writeHead(status, headers)
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
    this.#activeAtMs = performance.now()
    this.#bytes += chunk.length
    return this.#request.outgoing.write(chunk)
  }

  onEnd(): void {
    this.#request.outgoing.end()
    this.#finish(undefined)
  }

  onUpgrade(status: number, rawHeaders: string[], upstreamSocket: Duplex): void {
    const { upgrade, outgoing, responseFields, ownsResponseField, timeouts } = this.#request
    if (upgrade === undefined || this.#phase === 'done') {
      upstreamSocket.destroy()
      return
    }
    this.#status = status
    this.#await('receiving', timeouts.idleMs)
    clearTimeout(this.#timer)
    outgoing.off('close', this.#onClientClose)
    writeUpgradeHead(upgrade.socket, status, [
      ...readResponseHead(status, rawHeaders, ownsResponseField).headers,
      ...responseFields,
    ])
    joinSockets(upgrade.socket, upgrade.head, upstreamSocket, timeouts.idleMs, (bytes) => {
      this.#bytes = bytes
      this.#finish(undefined)
    })
  }

  onError(error: UpstreamError): void {
    if (this.#phase === 'done') return
    const unconnected = error.kind === 'connect' || error.kind === 'connect-timeout'
    if (unconnected) this.#addresses.markDown(this.#origin)
    if (unconnected && this.#mayTryAnother()) {
      this.#attempt()
      return
    }
    if (this.#clientLeft || error.cause instanceof BodyCutShort) {
      this.#status ||= CLIENT_CLOSED
      this.#finish('client_closed')
    } else if (this.#request.outgoing.headersSent) {
      // The status is out; a cut connection is the only way left to say that the answer is not whole.
      this.#request.outgoing.destroy()
      this.#finish(this.#idled ? 'upstream_idle' : 'upstream_reset')
    } else {
      this.#leave()
      this.#reject(this.#failure ?? toGatewayError(error))
    }
  }

  #mayTryAnother(): boolean {
    const { upstream } = this.#request
    return !this.#clientLeft && !this.#body?.begun && this.#tried.length < upstream.urls.length
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
    clearTimeout(this.#timer)
    this.#request.outgoing.off('close', this.#onClientClose)
  }

  #finish(aborted: ForwardResult['aborted']): void {
    this.#leave()
    this.#resolve({ status: this.#status, bytes: this.#bytes, aborted, origin: this.#origin })
  }
}

function flushHead(outgoing: ForwardRequest['outgoing']): void {
  if (!outgoing.writableEnded && !outgoing.destroyed) outgoing.flushHeaders()
}

function toGatewayError(error: UpstreamError): GatewayError {
  if (error.cause instanceof BodyTooLarge) return new GatewayError('body_too_large', 'body', { closeConnection: true })
  switch (error.kind) {
    case 'connect':
      return new GatewayError('upstream_unreachable', 'upstream_connect', {}, error)
    case 'connect-timeout':
      return new GatewayError('upstream_timeout', 'upstream_connect_timeout', {}, error)
    case 'reset':
      return new GatewayError('upstream_invalid', 'upstream_reset', {}, error)
    default:
      return new GatewayError('upstream_invalid', `upstream_${error.kind}`, {}, error)
  }
}
