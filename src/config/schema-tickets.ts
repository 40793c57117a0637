/** The section `tickets` of the route-scope file. */
import { z } from 'zod'
import { name } from './fields.ts'
import { duration } from './units.ts'

export const ticketsSchema = z.strictObject({
  life: duration({ minMs: 1000, maxMs: 300_000 }).prefault('30s').describe('Time in which a ticket can be used, once'),
  rateLimits: z
    .array(name())
    .optional()
    .describe('Limits of `POST /.gateway/ticket`; default: 120 in 1m for each address, and 60 in 1m for each subject'),
  cors: name().optional().describe('CORS policy of `POST /.gateway/ticket`; default: `defaults.cors`'),
})
