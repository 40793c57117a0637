/** `body` of a route: which request bodies it takes. */
import { z } from 'zod'
import { size } from './units.ts'

/** Whole bodies are held in memory while they are checked. */
const MAX_CHECKED_BYTES = 16 * 1024 ** 2

const jsonType = z
  .string()
  .regex(
    /^application\/(json|[a-z0-9][a-z0-9!#$&^_.-]*\+json)$/,
    'expected application/json or a type that ends in +json, in lower case: nothing else can be checked',
  )

export const bodySchema = z
  .strictObject({
    schema: z
      .string()
      .min(1)
      .describe(
        "JSON Schema (2020-12) that bodies must match: a file relative to the folder of this file, or `openapi` for what the upstream's document says of the operation",
      ),
    maxSize: size({ minBytes: 2, maxBytes: MAX_CHECKED_BYTES })
      .optional()
      .describe('Largest body (413), in place of limits.body; default: limits.body, and at most 1MiB'),
    contentTypes: z
      .array(jsonType)
      .min(1)
      .optional()
      .describe(
        "Media types that are taken (415 for others), all of them JSON; default: application/json, or the operation's own with `openapi`",
      ),
  })
  .describe('Check JSON bodies before they are forwarded; default: they are streamed unseen')

export type BodyFile = z.output<typeof bodySchema>
