/** Answers to what did not become a request: there is nothing but a socket to write them to. */
import { STATUS_CODES } from 'node:http'
import { GatewayError } from '../errors.ts'
import { toProblem } from './problem.ts'

export type ClientError = Error & { code?: string; rawPacket?: Buffer }

/**
 * Undefined: the client went away, there is nobody to answer. Of the error only the code goes on: `rawPacket`, which
 * node:http attaches, holds the request with its token.
 */
export function toRefusal({ code = '', rawPacket }: ClientError): GatewayError | undefined {
  if (code === 'HPE_HEADER_OVERFLOW')
    return isTargetTooLong(rawPacket) ? refusal('uri_too_long') : refusal('headers_too_large')
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new GatewayError('request_timeout', 'slow_request')
  if (code.startsWith('HPE_') && code !== 'HPE_INVALID_EOF_STATE')
    return new GatewayError('malformed_request', code.toLowerCase())
  return undefined
}

function refusal(code: 'uri_too_long' | 'headers_too_large'): GatewayError {
  return new GatewayError(code, code)
}

/** What overflowed cannot be told apart with certainty; a packet that begins a request and does not end its line is a target. */
function isTargetTooLong(packet: Buffer | undefined): boolean {
  // As much as is longer than any header field may be.
  return packet !== undefined && /^[A-Z]+ [^\r\n]*$/.test(packet.toString('latin1', 0, 16_384))
}

/** The whole answer; it ends the connection. */
export function toRawAnswer(error: GatewayError, requestId: string): string {
  const { status, headers, body } = toProblem(error, requestId)
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\nX-Request-Id: ${requestId}\r\n`
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`
  return `${head}\r\n${body}`
}
