/** The section `admin` of the route-scope file. */
import { z } from 'zod'
import { hostName, secret } from './fields.ts'

/** A password that cannot be guessed in the time that an attacker has. */
export const MIN_PASSWORD = 16

export const adminSchema = z.union(
  [
    z.literal(false),
    z.strictObject({
      host: hostName().prefault('127.0.0.1').describe('Address of the admin listener'),
      port: z.int().min(0).max(65_535).prefault(9090).describe('Port of the admin listener'),
      names: z
        .array(hostName())
        .min(1)
        .optional()
        .describe('Host names that the console and `/config/status` may be asked by, beside addresses and `localhost`'),
      password: secret(
        `At least ${MIN_PASSWORD} characters, best as \`\${ENV_NAME}\` or \`{ file: path }\`: what the console and \`/config/status\` ask for, and what the console needs on any host but loopback`,
      ).optional(),
    }),
  ],
  'expected false, or a mapping with host and port',
)
