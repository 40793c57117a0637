/** The door of this folder: sends an authorised request to its upstream and streams the answer back. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { RouteConfig } from '../config/gateway-config.ts'
import { GatewayError } from '../errors.ts'
import type { AddressBook } from './address-book.ts'
import type { StreamTerms } from './stream-terms.ts'
import { Transfer } from './transfer.ts'
import type { UpstreamClient } from './upstream-client.ts'

/** The client's side of an exchange. */
export interface ForwardClient {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  /** Present on a WebSocket handshake: the client's socket, and the bytes that came with it. */
  readonly upgrade: { readonly socket: Duplex; readonly head: Buffer } | undefined
  /** The client waits for `100 Continue`. */
  readonly awaitsContinue: boolean
  /** Set here; told when the client's connection closes. */
  watcher: { onClientGone(): void } | undefined
}

/** Whoever has a request forwarded, and hears once how it ended. */
export interface ForwardSender {
  /** Adds the gateway's own fields to those of the answer, a flat list of names and values. */
  addAnswerFields(headers: string[]): void
  /** The answer has been handed to the client's connection in full, or was cut short. */
  onForwarded(result: ForwardResult): void
  /** Nothing has been sent to the client. A GatewayError: 408, 413, 502, 503, 504. */
  onNotForwarded(error: unknown): void
}

export interface ForwardRequest {
  readonly client: ForwardClient
  readonly sender: ForwardSender
  readonly route: RouteConfig
  readonly method: string
  /** Path and query for the upstream. */
  readonly path: string
  /** End-to-end fields, the gateway's own included; without framing. */
  readonly headers: string[]
  readonly hasBody: boolean
  readonly contentLength: number | undefined
  /** The whole body, when a stage before had to read it. */
  readonly bufferedBody: Buffer | undefined
  /** Of an answer that is a stream; undefined: it may last as long as it wants. */
  readonly terms: StreamTerms | undefined
}

export interface ForwardResult {
  /** What the client got; 499: it left before there was an answer. */
  readonly status: number
  readonly bytes: number
  /** Why the answer ended early, for the log; undefined: it is complete. */
  readonly aborted: 'client_closed' | 'client_idle' | 'upstream_reset' | 'upstream_idle' | 'token_expired' | undefined
  readonly origin: string
}

/**
 * Throws a GatewayError (413) for a body that is announced as too large; all else goes to the sender.
 * Retries only where no connection could be made, on another address of the upstream, before a byte of the body was read,
 * and a GET or HEAD whose connection had gone stale.
 */
export function forward(client: UpstreamClient, addresses: AddressBook, request: ForwardRequest): void {
  if (request.contentLength !== undefined && request.contentLength > request.route.bodyBytes) {
    throw new GatewayError('body_too_large', 'content_length')
  }
  new Transfer(client, addresses, request).start()
}
