import type { Socket } from 'node:net'
import { AnswerReader } from './answer-reader.ts'
import type { BodySender } from './body-sender.ts'
import { isWanted, sendRequest } from './request-sender.ts'
import { UpstreamError } from './upstream-client.ts'
import type { Carrier, UpstreamExchange } from './upstream-exchange.ts'

/** Who lends connections out. */
export interface ConnectionOwner {
  /** The connection is free for another exchange. */
  onFree(connection: UpstreamConnection): void
  /** It takes no exchange any more. May be called more than once. */
  onUnfit(connection: UpstreamConnection): void
  /** It is closed, or was handed over to someone else. Called once. */
  onGone(connection: UpstreamConnection): void
}

/**
 * One connection to an upstream, which carries one exchange at a time. It is used again only if the last answer ended where
 * it should, with the request sent whole. Whatever goes wrong closes the socket, and its `close` reports it.
 */
export class UpstreamConnection implements Carrier {
  /** Until when it may lie idle. The owner's. */
  idleUntilMs = 0
  readonly #socket: Socket
  readonly #owner: ConnectionOwner
  readonly #reader = new AnswerReader()
  #exchange: UpstreamExchange | undefined
  #sender: BodySender | undefined
  #paused = false
  /** Whether an exchange came before this one. */
  #used = false
  /** Whether a byte of the answer has come. */
  #answered = false
  #failure: Error | undefined

  /** @param socket connected, and without listeners */
  constructor(socket: Socket, owner: ConnectionOwner) {
    this.#socket = socket
    this.#owner = owner
    socket.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onError).on('close', this.#onClose)
  }

  /** What the last answer said in `Keep-Alive: timeout`, in seconds; -1: nothing. */
  get keepAliveSeconds(): number {
    return this.#reader.head?.keepAliveSeconds ?? -1
  }

  /** False: the request is not wanted any more, nothing was sent, and the connection is still free. */
  begin(exchange: UpstreamExchange): boolean {
    exchange.carrier = this
    this.#exchange = exchange
    this.#answered = false
    if (!isWanted(exchange)) {
      exchange.carrier = undefined
      this.#exchange = undefined
      return false
    }
    this.#reader.reset()
    // Aborted already, if it carries nothing.
    if (exchange.carrier !== undefined) this.#sender = sendRequest(this.#socket, exchange, this.#onSendFailure)
    return true
  }

  abort(): void {
    this.#close(new UpstreamError('aborted'))
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#socket.resume()
  }

  /** Closes it. An exchange under way fails. */
  destroy(): void {
    this.#socket.destroy()
  }

  readonly #onData = (bytes: Buffer): void => {
    const exchange = this.#exchange
    if (exchange === undefined) {
      // Nobody asked for it: it could be taken for the answer to the next request.
      this.#retire()
      return
    }
    // Aborted, and the socket is about to close.
    if (exchange.carrier === undefined) return
    this.#answered = true
    try {
      this.#take(bytes, exchange)
    } catch (error) {
      this.#onThrown(exchange, new UpstreamError('aborted', error))
    }
  }

  /** The handler threw. That ends its own exchange and no other. */
  #onThrown(exchange: UpstreamExchange, error: UpstreamError): void {
    if (this.#exchange === exchange) {
      this.#close(error)
    } else {
      this.#retire()
      exchange.handler.onError(error)
    }
  }

  #take(bytes: Buffer, exchange: UpstreamExchange): void {
    switch (this.#reader.read(bytes, exchange)) {
      case 'done':
        this.#finish(exchange)
        break
      case 'paused':
        this.#paused = true
        this.#socket.pause()
        if (this.#reader.rest.length > 0) this.#socket.unshift(this.#reader.rest)
        break
      case 'switched':
        this.#handOver(exchange)
        break
      case 'bad':
        this.#close(new UpstreamError('invalid', new Error(this.#reader.problem)))
    }
  }

  #finish(exchange: UpstreamExchange): void {
    const { rest, head } = this.#reader
    const isSent = this.#sender === undefined || this.#sender.done
    const isReusable = isSent && rest.length === 0 && head?.keepsAlive === true && !exchange.head.isLast
    this.#release(exchange)
    this.#used = true
    if (isReusable) this.#owner.onFree(this)
    else this.#retire()
    exchange.handler.onEnd()
  }

  /** From here on the socket is the handler's, with the bytes that came behind the head. */
  #handOver(exchange: UpstreamExchange): void {
    const socket = this.#socket
    const { rest, head } = this.#reader
    this.#release(exchange)
    socket.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onError).off('close', this.#onClose)
    socket.pause()
    if (rest.length > 0) socket.unshift(rest)
    this.#owner.onUnfit(this)
    this.#owner.onGone(this)
    exchange.handler.onUpgrade(101, head?.headers ?? [], socket)
  }

  readonly #onSendFailure = (error: UpstreamError): void => this.#close(error)

  readonly #onEnd = (): void => {
    const exchange = this.#exchange
    if (exchange !== undefined && this.#reader.endsWithConnection) this.#finish(exchange)
    else this.#retire()
  }

  readonly #onError = (error: Error): void => {
    this.#failure ??= error
    this.#owner.onUnfit(this)
  }

  readonly #onClose = (): void => {
    const exchange = this.#exchange
    if (exchange !== undefined) this.#release(exchange)
    this.#owner.onUnfit(this)
    this.#owner.onGone(this)
    exchange?.handler.onError(this.#toUpstreamError())
  }

  #toUpstreamError(): UpstreamError {
    const failure = this.#failure ?? new Error('the upstream closed the connection')
    if (failure instanceof UpstreamError) return failure
    return new UpstreamError(this.#used && !this.#answered ? 'stale' : 'reset', failure)
  }

  #release(exchange: UpstreamExchange): void {
    exchange.carrier = undefined
    this.#exchange = undefined
    this.#paused = false
    this.#sender?.stop()
    this.#sender = undefined
  }

  /** The exchange is over; it hears of it when the socket is closed. */
  #close(error: UpstreamError): void {
    if (this.#exchange !== undefined) this.#exchange.carrier = undefined
    this.#sender?.stop()
    this.#socket.destroy(error)
  }

  #retire(): void {
    this.#owner.onUnfit(this)
    this.#socket.destroy()
  }
}
