/** Why keys could not be had; for the log, metrics and `/readyz`. */
export type KeyFetchReason =
  | 'network'
  | 'timeout'
  | 'status'
  | 'too_large'
  | 'malformed'
  | 'no_usable_key'
  | 'discovery'
  | 'issuer_mismatch'

/** A fetch of keys that failed. Never shown to clients: its cause may name addresses. */
export class KeyFetchError extends Error {
  override readonly name = 'KeyFetchError'
  readonly reason: KeyFetchReason

  constructor(reason: KeyFetchReason, cause?: unknown) {
    super(reason, cause === undefined ? undefined : { cause })
    this.reason = reason
  }
}
