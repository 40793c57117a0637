/** The section `accept` of the route-scope file. */
import { z } from 'zod'
import { oneOrMore } from './fields.ts'
import { ACCEPTABLE_CODES } from './findings.ts'

export const acceptSchema = z.strictObject({
  code: z.enum(ACCEPTABLE_CODES).describe('Code of the finding, as `validate` prints it'),
  at: oneOrMore(z.string().min(1))
    .optional()
    .describe('Where: path of a route, a name such as upstreams.orders, or a section; default: everywhere'),
  because: z.string().min(1).max(500).describe('Why this is as it should be'),
})
