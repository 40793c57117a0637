import type { AddressBook } from './address-book.ts'
import type { ForwardRequest } from './forward.ts'
import type { UpstreamError } from './upstream-client.ts'

/** Where a request has been tried, and whether it may be tried once more. */
export class Attempts {
  readonly #addresses: AddressBook
  readonly #request: ForwardRequest
  #tried: string[] = []
  #repeated = false
  /** Address of the attempt under way. */
  origin = ''

  constructor(addresses: AddressBook, request: ForwardRequest) {
    this.#addresses = addresses
    this.#request = request
  }

  /** The address to try now. */
  begin(): string {
    this.origin = this.#addresses.pick(this.#request.route.upstream, this.#tried) as string
    this.#tried.push(this.origin)
    return this.origin
  }

  noteConnected(): void {
    this.#addresses.markUp(this.origin)
  }

  /**
   * Takes note of a failure. True: the request may be sent again, to another address after a failed connection, or to the
   * same one when its connection was stale.
   * @param bodyBegun a byte of the body has been read: it cannot be sent again
   */
  mayGoOnAfter(error: UpstreamError, bodyBegun: boolean): boolean {
    // No address would do better.
    if (error.isOwnShortage) return false
    if (error.kind !== 'connect' && error.kind !== 'connect-timeout') return this.#mayRepeat(error)
    this.#addresses.markDown(this.origin)
    return !bodyBegun && this.#tried.length < this.#request.route.upstream.urls.length
  }

  /** RFC 9112 section 9.3.1: safe methods alone, and once. Whatever connection the second attempt gets, it is the last. */
  #mayRepeat(error: UpstreamError): boolean {
    const { method, hasBody } = this.#request
    const isSafe = (method === 'GET' || method === 'HEAD') && !hasBody
    if (error.kind !== 'stale' || !isSafe || this.#repeated) return false
    this.#repeated = true
    this.#tried = this.#tried.filter((origin) => origin !== this.origin)
    return true
  }
}
