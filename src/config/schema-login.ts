/** The section `login` of the route-scope file. */
import { z } from 'zod'
import { claimPath, httpOrigin, httpUrl, name, secret } from './fields.ts'
import { scopeToken } from './schema-routes.ts'
import { duration } from './units.ts'

const path = () => z.string().regex(/^\//, 'expected a path that starts with "/"')

const keySchema = z.strictObject({
  id: name().describe('Name of the key, which stands in the cookie'),
  secret: secret('32 random bytes in base64 or hex: `${ENV_NAME}`, or `{ file: path }`'),
})

export const loginSchema = z.strictObject({
  issuer: name().optional().describe('Issuer at which users log in; one issuer needs no name'),
  discovery: httpUrl()
    .optional()
    .describe("Address of the issuer's discovery document, for instance inside the cluster; default: below the issuer"),
  publicUrl: httpOrigin().describe('Origin of this gateway as browsers see it, such as https://shop.example.com'),
  client: z
    .strictObject({
      id: z.string().min(1).describe('Identifier of the client'),
      secret: secret('Its secret: `${ENV_NAME}`, or `{ file: path }`'),
    })
    .describe('The confidential client that this gateway is for the issuer'),
  scopes: z.array(scopeToken).prefault([]).describe('Scopes that a login asks for, beside openid'),
  keys: z.array(keySchema).min(1).max(10).describe('Keys of the cookies: the first one encrypts, all decrypt'),
  path: path().prefault('/auth').describe('Path under which login, callback, logout and me stand'),
  idle: duration({ minMs: 1000 }).prefault('30m').describe('Time without a request after which a session is over'),
  absolute: duration({ minMs: 1000 }).prefault('10h').describe('Time after the login after which a session is over'),
  me: z.array(claimPath()).prefault(['sub', 'name']).describe('Claims of the ID token that the page `me` shows'),
  afterLogout: path().prefault('/').describe('Path to which a browser comes back from a logout'),
  rateLimits: z
    .array(name())
    .optional()
    .describe('Limits of login and callback, all before-auth; default: 30 in 1m for each address'),
})
