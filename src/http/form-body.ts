import type { Exchange } from './exchange.ts'
import { readWholeBody, type WholeBodyLimits } from './whole-body.ts'

/** A login form is small; a larger one is refused rather than counted wrongly. */
const MAX_FORM_BYTES = 64 * 1024

/** `readWholeBody` for a form, which is small. */
export function readSmallBody(exchange: Exchange, limits: Omit<WholeBodyLimits, 'reason'>): Promise<Buffer> {
  return readWholeBody(exchange, { ...limits, maxBytes: Math.min(MAX_FORM_BYTES, limits.maxBytes), reason: 'form' })
}
