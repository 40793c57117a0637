import type { RequestHead } from './request-writer.ts'
import type { UpstreamHandler, UpstreamRequest } from './upstream-client.ts'

/** What an exchange asks of the connection that carries it. */
export interface Carrier {
  abort(): void
  resume(): void
}

/** A request, its handler, and the connection that carries them for now. */
export class UpstreamExchange {
  readonly request: UpstreamRequest
  readonly handler: UpstreamHandler
  readonly head: RequestHead
  /** Undefined before the exchange has begun and after it has ended: then there is nothing to abort or to resume. */
  carrier: Carrier | undefined

  constructor(request: UpstreamRequest, handler: UpstreamHandler, head: RequestHead) {
    this.request = request
    this.handler = handler
    this.head = head
  }

  // The handler keeps these two, and may call them late. They belong to the exchange and not to the connection, which by
  // then may carry another one.
  readonly abort = (): void => this.carrier?.abort()
  readonly resume = (): void => this.carrier?.resume()
}
