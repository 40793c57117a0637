/** What editors show beside the schema's own descriptions. Places are written as in `issuers.*.issuer` and `routes[].path`. */

export type Notes<T> = Readonly<Record<string, T>>

/** For places without one of their own in the schema: entries of mappings, and members that many fields share. */
export const DESCRIPTIONS: Notes<string> = {
  'issuers.*': 'An issuer; routes say its name',
  'rateLimits.*': 'A limit; routes say its name',
  'cors.*': 'A CORS policy; routes say its name',
  ...both({ '.claims.*': 'The value this claim must have: one, or { all: [..] }, or { any: [..] }' }),
  ...both({ '.where.*': 'The claim that must equal this path parameter' }),
  ...both(quantified('scopes', 'scopes', 'The token must have')),
  ...both(quantified('roles', 'roles', 'The token must have')),
  ...both(quantified('claims.*', 'values', 'The claim must hold')),
  'routes[].identity.headers.*': 'The claim this field is taken from',
  'identity.headers.*': 'The claim this field is taken from',
  'tests[].token.*': 'Value of this claim',
  'tests[].headers.*': 'Value of this field',
  'tests[].expect.fields.*': 'Value that the upstream gets; null: it does not get this field',
  'redis.url.file': 'File that holds the value, relative to the folder of this file',
  'redis.password.file': 'File that holds the value, relative to the folder of this file',
  'admin.password.file': 'File that holds the value, relative to the folder of this file',
  'login.client.secret.file': 'File that holds the value, relative to the folder of this file',
  'login.keys[].secret.file': 'File that holds the value, relative to the folder of this file',
  'redis.sentinel.name': 'Name of the master',
  'redis.sentinel.nodes': 'host:port of the sentinels',
}

const AUTHORIZATION = { strip: 'The upstream does not get the token', forward: 'The upstream gets the token itself' }

/** What each value means, where a field has a few. */
export const VALUES: Notes<Notes<string>> = {
  'issuers.*.tokenTypes[]': {
    'at+jwt': 'Header typ at+jwt (RFC 9068)',
    keycloak: "Keycloak's access tokens: payload typ Bearer",
    jwt: 'Any JWT that is not marked as another kind',
  },
  'rateLimits.*.when': {
    'before-auth': 'Counts every request, before its token is checked; the key is of the request alone',
    'after-auth': 'Counts requests with a good token; the key may be a claim',
  },
  'rateLimits.*.whenMissing': {
    share: 'Leaving a part out opens no new window',
    skip: 'Who leaves a part out is not counted: another limit should be',
  },
  'rateLimits.*.onStoreError': {
    local: 'Count in this process until Redis is back',
    allow: 'Let requests pass uncounted',
    deny: 'Answer 503',
  },
  'routes[].mode': {
    enforce: 'What no line allows is refused',
    report: 'Any valid token will do; who would be refused is logged',
  },
  'routes[].allow[].mode': {
    enforce: 'This line lets requests through',
    report: 'This line opens nothing yet; it is logged',
  },
  'routes[].identity.authorization': AUTHORIZATION,
  'identity.authorization': AUTHORIZATION,
  upstreamClient: { lean: "The gateway's own, stricter and cheaper", undici: 'The library' },
  'log.access': { all: 'A line for every request', denials: 'Only for requests that were refused', none: 'No lines' },
  'log.subject': { hash: 'A pseudonym', id: 'As the token has it', none: 'Not at all' },
}

/** Notes of what stands below a place. */
export function below<T>(place: string, notes: Notes<T>): Notes<T> {
  return Object.fromEntries(Object.entries(notes).map(([rest, note]) => [`${place}${rest}`, note]))
}

function both(notes: Notes<string>): Notes<string> {
  return { ...below('routes[].allow[]', notes), ...below('routes[].candidate[]', notes) }
}

function quantified(field: string, what: string, subject: string): Notes<string> {
  return {
    [`.${field}.all`]: `${subject} all of these ${what}`,
    [`.${field}.any`]: `${subject} at least one of these ${what}`,
  }
}
