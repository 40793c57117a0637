/** One line of a decision log. */
import { z } from 'zod'
import type { DecisionRecord } from '../observability/decision-record.ts'

const text = z.string()
const texts = z.array(text).readonly()
const claim = z.union([text, z.boolean(), z.null(), z.array(z.union([text, z.boolean()])).readonly()])

const schema = z.object({
  time: z.iso.datetime(),
  method: text,
  path: text.startsWith('/'),
  route: z.exactOptional(text),
  line: z.exactOptional(z.union([z.int().min(1), z.literal('public')])),
  decision: z.enum(['allowed', 'denied']),
  status: z.int(),
  reason: text,
  upstream: z.exactOptional(text),
  mode: z.exactOptional(z.literal('report')),
  wouldDeny: z.exactOptional(text),
  missing: z.exactOptional(texts),
  wouldAllow: z.exactOptional(z.literal(true)),
  sample: z.exactOptional(z.number()),
  caller: z.enum(['token', 'none', 'unread', 'refused']),
  salt: text,
  rules: z.exactOptional(text),
  issuer: z.exactOptional(text),
  clientId: z.exactOptional(text),
  subject: z.exactOptional(text),
  scopes: z.exactOptional(texts),
  roles: z.exactOptional(texts),
  claims: z.exactOptional(z.record(text, claim)),
}) satisfies z.ZodType<DecisionRecord>

const notice = z.object({ msg: z.literal('log lines were lost'), lines: z.int().min(1) })

/** A record; how many lines were lost before this one; or neither. */
export type DecisionLine = { readonly record: DecisionRecord } | { readonly lost: number } | undefined

export function readDecision(line: string): DecisionLine {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    return undefined
  }
  const record = schema.safeParse(json)
  if (record.success) return { record: record.data }
  const loss = notice.safeParse(json)
  return loss.success ? { lost: loss.data.lines } : undefined
}
