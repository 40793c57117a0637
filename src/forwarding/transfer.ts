/**
 * One exchange with an upstream, as a state machine: callbacks instead of promises and web streams, which cost several
 * times more per request. Phases: sending the request, waiting for the head, receiving the body.
 */
import type { Duplex } from 'node:stream'
import { GatewayError } from '../errors.ts'
import type { AddressBook } from './address-book.ts'
import { endWith, flushHeadSoon } from './answer-body.ts'
import { Attempts } from './attempts.ts'
import type { ForwardClient, ForwardRequest, ForwardResult } from './forward.ts'
import { BodyCutShort, RequestBody } from './request-body.ts'
import { type ResponseHead, readResponseHead } from './response-headers.ts'
import { SilenceTimer } from './silence-timer.ts'
import { isEventStream, whenOver } from './stream-terms.ts'
import { isWebSocketSwitch, joinSockets, writeUpgradeHead } from './upgrade.ts'
import { type UpstreamClient, UpstreamError, type UpstreamHandler, type UpstreamRequest } from './upstream-client.ts'
import { toGatewayError } from './upstream-failure.ts'

/** Log status of a request whose client left before an answer, as nginx has it. */
const CLIENT_CLOSED = 499

export class Transfer implements UpstreamHandler {
  readonly #client: UpstreamClient
  readonly #attempts: Attempts
  readonly #request: ForwardRequest
  #phase: 'sending' | 'waiting' | 'receiving' | 'done' = 'sending'
  #body: RequestBody | null = null
  #abort: (() => void) | undefined
  #failure: GatewayError | undefined
  #clientLeft = false
  #cut: 'client_idle' | 'upstream_idle' | 'token_expired' | undefined
  #stopWatch: (() => void) | undefined
  #status = 0
  #bytes = 0
  /** Bytes of the answer's body as announced; undefined: unknown, or there is none. */
  #length: number | undefined
  #resume: (() => void) | undefined
  readonly #timer: SilenceTimer

  constructor(client: UpstreamClient, addresses: AddressBook, request: ForwardRequest) {
    this.#client = client
    this.#attempts = new Attempts(addresses, request)
    this.#request = request
    const { responseMs, idleMs } = request.route.timeouts
    this.#timer = new SilenceTimer(Math.min(responseMs, idleMs), this)
  }

  start(): void {
    this.#request.client.watcher = this
    this.#attempt()
  }

  /** On a route that does not allow it, a handshake is an ordinary request. */
  get #upgrade(): ForwardClient['upgrade'] {
    const { client, route } = this.#request
    return route.websocket ? client.upgrade : undefined
  }

  #attempt(): void {
    const { route, method, path, headers } = this.#request
    const { upstream, timeouts } = route
    const request: UpstreamRequest = {
      origin: this.#attempts.begin(),
      method,
      path,
      headers,
      body: this.#takeBody(),
      connectMs: timeouts.connectMs,
      connections: upstream.connections,
      upgrade: this.#upgrade === undefined ? undefined : 'websocket',
    }
    // Covers the time in the queue and the connecting, before there is anything to abort.
    this.#await('waiting', timeouts.connectMs + timeouts.responseMs)
    this.#client.dispatch(request, this)
  }

  #takeBody(): RequestBody | Buffer | null {
    const { client, route, hasBody, bufferedBody } = this.#request
    if (bufferedBody !== undefined) return bufferedBody
    if (!hasBody) return null
    const progress = () => this.#timer.noteActivity()
    // Only now, authorised and with an upstream that listens, is the client asked for its body.
    const begin = () => {
      if (client.awaitsContinue) client.outgoing.writeContinue()
    }
    this.#body = new RequestBody(client.incoming, route.bodyBytes, progress, begin)
    // Whoever is to know of an error hears of it through the client; without a listener it would end the process.
    this.#body.on('error', () => {})
    this.#body.once('end', () => {
      if (this.#phase === 'sending') this.#await('waiting', route.timeouts.responseMs)
    })
    return this.#body
  }

  /** Enters a phase that may be silent for `ms`. */
  #await(phase: 'sending' | 'waiting' | 'receiving', ms: number): void {
    this.#phase = phase
    this.#timer.start(ms)
  }

  onSilence(): void {
    if (this.#phase === 'receiving') {
      this.#cut = this.#request.client.outgoing.writableNeedDrain ? 'client_idle' : 'upstream_idle'
    } else if (this.#phase === 'sending' && this.#body?.wanted) {
      this.#failure = new GatewayError('request_timeout', 'body_idle', { closeConnection: true })
    } else this.#failure = new GatewayError('upstream_timeout', 'upstream_response_timeout')
    if (this.#abort === undefined) this.onError(new UpstreamError('aborted'))
    else this.#abort()
  }

  onStart(abort: () => void): boolean {
    this.#attempts.noteConnected()
    if (this.#phase === 'done') return false
    this.#abort = abort
    const { timeouts } = this.#request.route
    if (this.#body === null) this.#await('waiting', timeouts.responseMs)
    else this.#await('sending', timeouts.idleMs)
    return true
  }

  /** RFC 9110 section 15.2: interim answers pass. 100 is the gateway's own business. */
  onInformation(status: number, headers: string[]): void {
    const { outgoing, incoming } = this.#request.client
    if (incoming.httpVersion === '1.0' || outgoing.headersSent || outgoing.destroyed) return
    // Nothing holds the upstream back here: what the client does not take at once is left out.
    if (incoming.socket.writableNeedDrain) return
    try {
      outgoing.writeInformation(status, this.#readHead(status, headers).headers)
    } catch {
      // An interim answer that cannot be passed on is left out; the final one decides.
    }
  }

  #readHead(status: number, headers: readonly string[]): ResponseHead {
    return readResponseHead(status, headers, this.#request.route.cors !== undefined)
  }

  onHead(status: number, rawHeaders: string[], resume: () => void): void {
    const { client, sender, route, method, terms } = this.#request
    try {
      const { headers, contentLength } = this.#readHead(status, rawHeaders)
      if (method !== 'HEAD' && status !== 304) this.#length = contentLength
      sender.addAnswerFields(headers)
      // The rest of the client's body has nowhere to go: the connection cannot be used again.
      if (!client.incoming.complete) headers.push('Connection', 'close')
      client.outgoing.writeHead(status, headers)
      if (terms !== undefined && isEventStream(headers)) {
        this.#stopWatch = whenOver(terms, () => {
          this.#cut = 'token_expired'
          this.#abort?.()
        })
      }
    } catch (error) {
      this.#failure = new GatewayError('upstream_invalid', 'upstream_fields', {}, error)
      this.#abort?.()
      return
    }
    this.#status = status
    this.#resume = resume
    this.#await('receiving', route.timeouts.idleMs)
    if (this.#length === undefined && method !== 'HEAD') flushHeadSoon(client.outgoing)
  }

  onData(chunk: Buffer): boolean {
    const { outgoing } = this.#request.client
    this.#timer.noteActivity()
    this.#bytes += chunk.length
    if (this.#bytes === this.#length) {
      endWith(outgoing, chunk)
      return true
    }
    if (outgoing.write(chunk)) return true
    outgoing.once('drain', () => {
      if (this.#phase === 'receiving') this.#resume?.()
    })
    return false
  }

  onEnd(): void {
    const { outgoing } = this.#request.client
    if (!outgoing.writableEnded) outgoing.end()
    this.#finish(undefined)
  }

  onUpgrade(status: number, rawHeaders: string[], upstreamSocket: Duplex): void {
    const { client, sender, route, terms } = this.#request
    const upgrade = this.#upgrade
    if (upgrade === undefined || this.#phase === 'done' || !isWebSocketSwitch(rawHeaders)) {
      upstreamSocket.destroy()
      this.onError(new UpstreamError('invalid'))
      return
    }
    this.#status = status
    this.#timer.stop()
    client.watcher = undefined
    const { headers } = this.#readHead(status, rawHeaders)
    sender.addAnswerFields(headers)
    writeUpgradeHead(upgrade.socket, headers, terms?.subprotocol)
    joinSockets(upgrade, upstreamSocket, { idleMs: route.timeouts.idleMs, terms }, (bytes, isOver) => {
      this.#bytes = bytes
      this.#finish(isOver ? 'token_expired' : undefined)
    })
  }

  onError(error: UpstreamError): void {
    if (this.#phase === 'done') return
    if (this.#attempts.mayGoOnAfter(error, this.#body?.begun === true) && !this.#clientLeft) {
      this.#attempt()
      return
    }
    if (this.#clientLeft || error.cause instanceof BodyCutShort) {
      this.#status ||= CLIENT_CLOSED
      this.#finish('client_closed')
    } else if (this.#request.client.outgoing.headersSent) {
      // The status is out; a cut connection is the only way left to say that the answer is not whole.
      this.#request.client.outgoing.destroy()
      this.#finish(this.#cut ?? 'upstream_reset')
    } else {
      this.#leave()
      this.#request.sender.onNotForwarded(this.#failure ?? toGatewayError(error))
    }
  }

  onClientGone(): void {
    if (this.#phase === 'done') return
    this.#clientLeft = true
    this.#abort?.()
    this.#status ||= CLIENT_CLOSED
    this.#finish('client_closed')
  }

  #leave(): void {
    this.#phase = 'done'
    this.#timer.stop()
    this.#stopWatch?.()
    // One that still waits in the queue must not begin.
    this.#body?.destroy()
    this.#request.client.watcher = undefined
  }

  #finish(aborted: ForwardResult['aborted']): void {
    this.#leave()
    this.#request.sender.onForwarded({
      status: this.#status,
      bytes: this.#bytes,
      aborted,
      origin: this.#attempts.origin,
    })
  }
}
