/** The section `docs` of the route-scope file. */
import { z } from 'zod'
import { name } from './fields.ts'
import { scopeToken } from './schema-routes.ts'

export const docsSchema = z.strictObject({
  path: z
    .string()
    .regex(/^\//, 'expected a path that starts with "/"')
    .prefault('/docs')
    .describe('Path of the page; its files stand below it'),
  title: z.string().min(1).max(200).prefault('API').describe('Title of the page and of the document'),
  clientId: z
    .string()
    .min(1)
    .describe(
      'The public client that the page is for the issuer; redirect URI: `<gateway><path>/oauth2-redirect.html`',
    ),
  issuer: name().optional().describe('Issuer at which the page logs in; one issuer needs no name'),
  scopes: z.array(scopeToken).prefault([]).describe('Scopes that are chosen when the login dialog opens'),
  leaveOut: z
    .array(z.string().min(1))
    .prefault([])
    .describe('Paths of routes, as written, that the page does not show: everybody can read it'),
})
