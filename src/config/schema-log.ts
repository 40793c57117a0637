/** The sections `log` and `decisions` of the route-scope file. */
import { z } from 'zod'
import { size } from './units.ts'

export const logSchema = z.strictObject({
  level: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .prefault('info')
    .describe('Least level that is written'),
  access: z.enum(['all', 'denials', 'none']).prefault('all').describe('Which requests get an access-log line'),
  subject: z.enum(['hash', 'id', 'none']).prefault('hash').describe('How the access log names the subject of a token'),
})

export const decisionsSchema = z.strictObject({
  file: z
    .string()
    .regex(/^\/.*[^/]$/, 'expected an absolute path of a file')
    .describe('Absolute path; each of several workers has a file of its own, with its number before the ending'),
  maxSize: size({ minBytes: 64 * 1024 })
    .prefault('64MiB')
    .describe('Size at which a new file is begun'),
  keep: z
    .int()
    .min(1)
    .max(1000)
    .prefault(5)
    .describe('Full files that are kept, with .1, .2 and so on behind the name'),
  sample: z
    .number()
    .min(0)
    .max(1)
    .prefault(1)
    .describe('Part of the allowed requests that is recorded, from 0 to 1; refusals always are'),
})
