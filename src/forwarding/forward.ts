/** The door of this folder: sends an authorised request to its upstream and streams the answer back. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Timeouts, UpstreamConfig } from '../config/gateway-config.ts'
import { GatewayError } from '../errors.ts'
import type { AddressBook } from './address-book.ts'
import { Transfer } from './transfer.ts'
import type { UpstreamClient } from './upstream-client.ts'

export interface ForwardRequest {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  /** The client's socket after a WebSocket handshake that this route allows, and the bytes that came with it. */
  readonly upgrade: { readonly socket: Duplex; readonly head: Buffer } | undefined
  readonly upstream: UpstreamConfig
  readonly timeouts: Timeouts
  readonly method: string
  /** Path and query for the upstream. */
  readonly path: string
  /** End-to-end fields, the gateway's own included; without framing. */
  readonly headers: string[]
  readonly hasBody: boolean
  readonly contentLength: number | undefined
  /** The whole body, when a stage before had to read it. */
  readonly bufferedBody: Buffer | undefined
  readonly maxBodyBytes: number
  /** The client waits for `100 Continue`. */
  readonly awaitsContinue: boolean
  /** Fields that the gateway adds to the answer. */
  readonly responseFields: readonly string[]
  /** Whether the gateway speaks this answer field (lower case) itself, so that the upstream's is left out. */
  readonly ownsResponseField: (name: string) => boolean
}

export interface ForwardResult {
  /** What the client got; 499: it left before there was an answer. */
  readonly status: number
  readonly bytes: number
  /** Why the answer ended early, for the log; undefined: it is complete. */
  readonly aborted: 'client_closed' | 'client_idle' | 'upstream_reset' | 'upstream_idle' | undefined
  readonly origin: string
}

/**
 * Resolves once the answer has been handed to the client's connection in full, or was cut short.
 * Rejects with a GatewayError (408, 413, 502, 504) as long as nothing has been sent to the client.
 * Retries only where no connection could be made, on another address of the upstream, before a byte of the body was read.
 */
export function forward(
  client: UpstreamClient,
  addresses: AddressBook,
  request: ForwardRequest,
): Promise<ForwardResult> {
  if (request.contentLength !== undefined && request.contentLength > request.maxBodyBytes) {
    throw new GatewayError('body_too_large', 'content_length')
  }
  return new Promise((resolve, reject) => {
    new Transfer(client, addresses, request, resolve, reject).start()
  })
}
