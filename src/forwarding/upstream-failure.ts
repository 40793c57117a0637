import { GatewayError } from '../errors.ts'
import { BodyTooLarge } from './request-body.ts'
import type { UpstreamError } from './upstream-client.ts'

/** What the client is told when there is no answer to give it. */
export function toGatewayError(error: UpstreamError): GatewayError {
  if (error.cause instanceof BodyTooLarge) return new GatewayError('body_too_large', 'body', { closeConnection: true })
  if (error.isOwnShortage) return new GatewayError('overloaded', 'descriptors', { retryAfterSeconds: 1 }, error)
  switch (error.kind) {
    case 'connect':
      return new GatewayError('upstream_unreachable', 'upstream_connect', {}, error)
    case 'connect-timeout':
      return new GatewayError('upstream_timeout', 'upstream_connect_timeout', {}, error)
    case 'reset':
    case 'stale':
      return new GatewayError('upstream_invalid', 'upstream_reset', {}, error)
    default:
      return new GatewayError('upstream_invalid', `upstream_${error.kind}`, {}, error)
  }
}
