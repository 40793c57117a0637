/** All that lint looks for: what each code means, what to do, and who finds it. The documentation is made from it. */
import type { FindingCode } from '../../config/findings.ts'
import { chosenKeys, limitsLeftOut, missingKeys, routesWithoutLimit } from './limits.ts'
import { redundantLines, unreachableLines } from './lines.ts'
import { crossingRoutes, hiddenMethods, publicBelowProtected, unreachableRoutes } from './reach.ts'
import type { Rule } from './rule.ts'
import { accountAudience, endlessReports, issuerSlashes } from './settings.ts'
import { suspectRoles, suspectScopes } from './suspects.ts'
import { wildcardMethods } from './wildcards.ts'

export interface RuleEntry {
  readonly meaning: string
  readonly mend: string
  /** Absent: it is found when the file is loaded, so that a start says it, too. */
  readonly find?: Rule
}

export const RULES: Readonly<Record<FindingCode, RuleEntry>> = {
  'route-unreachable': {
    meaning: 'No request gets to the route: more specific ones take all of its paths.',
    mend: 'remove the route, or one of those that are more specific',
    find: unreachableRoutes,
  },
  'routes-cross': {
    meaning:
      'Two routes match one path, and each is the more specific one in some segment. The first segment in which they differ decides, which is easily guessed wrong.',
    mend: 'add a route for the paths that both match, or write the two so that one lies within the other',
    find: crossingRoutes,
  },
  'methods-hidden': {
    meaning:
      'A more specific route to the same service lacks methods that the route around it names. They are refused with 405 there: a request has one route, and what others say does not count.',
    mend: 'add a line for these methods to this route, if they are to work here',
    find: hiddenMethods,
  },
  'public-below-protected': {
    meaning: 'A public route lies within the paths of a route that needs a token.',
    mend: 'make it need a token with allow, or move it elsewhere',
    find: publicBelowProtected,
  },
  'line-redundant': {
    meaning: 'Everything that an allow line lets through, another line of its route lets through as well.',
    mend: 'remove this line, or ask for more in the other one',
    find: redundantLines,
  },
  'line-unreachable': {
    meaning: 'No token can meet all conditions of an allow line.',
    mend: 'remove the line, or say any where one of the values is enough',
    find: unreachableLines,
  },
  'methods-any': {
    meaning:
      'A public route, or a line without a role, stands for all methods: who may read may also change and delete.',
    mend: 'name the methods that are meant',
    find: wildcardMethods,
  },
  'scope-suspect': {
    meaning: 'A scope stands in one line only, and another one differs from it by a letter, by case or by signs.',
    mend: 'write both in the same way, if they are one scope',
    find: suspectScopes,
  },
  'role-suspect': {
    meaning: 'Likewise for a role.',
    mend: 'write both in the same way, if they are one role',
    find: suspectRoles,
  },
  'route-without-limit': {
    meaning: 'No rate limit counts the requests of a route. On a public route a limit by token counts nothing.',
    mend: 'name a limit by client.ip in rateLimits, of the route or of defaults',
    find: routesWithoutLimit,
  },
  'limit-left-out': {
    meaning:
      "A route's own limits leave out those of `defaults` that count before the token is checked, and have none of their own: requests without a good token are not counted there.",
    mend: 'name the limit of the defaults as well: the list of a route adds nothing, it replaces',
    find: limitsLeftOut,
  },
  'limit-key-missing': {
    meaning:
      'A limit counts by what a request need not have: a claim, or a field of a form. All those without it share one window, or with `whenMissing: skip` no limit of the route counts them.',
    mend: 'count by token.sub or token.azp, or let the issuer put the claim into every token; for a form, say whenMissing: skip and name a limit by client.ip as well',
    find: missingKeys,
  },
  'limit-key-chosen': {
    meaning: 'A limit counts by a request field. A client that sends another value gets another window.',
    mend: 'count by client.ip or by a claim',
    find: chosenKeys,
  },
  'audience-account': {
    meaning:
      "The audience is Keycloak's default `account`, which stands in the tokens of nearly all clients of a realm.",
    mend: 'let an audience mapper put the name of this API into aud, and accept only that',
    find: accountAudience,
  },
  'issuer-slash': {
    meaning: 'The issuer looks like a Keycloak realm, and ends in a slash: no token would have this `iss`.',
    mend: 'write it without the slash at its end, as it stands in iss',
    find: issuerSlashes,
  },
  'report-without-end': {
    meaning: '`mode: report` or `candidate` without `until`: nothing ends it.',
    mend: 'say until: with the last day, after which it is enforced',
    find: endlessReports,
  },
  'report-over': {
    meaning: 'The day of `until` is over, and what was reported is enforced.',
    mend: 'remove mode and until, or put candidate in place of allow',
  },
  'report-public': {
    meaning: '`mode: report` on a route without `allow` lines.',
    mend: 'remove mode',
  },
  unused: {
    meaning: 'No route and no default uses this issuer, upstream, rate limit or CORS policy.',
    mend: 'remove it, or name it where it belongs',
  },
  'literal-colon': {
    meaning: 'A segment such as `:id` is literal text.',
    mend: 'write {id} for a parameter',
  },
  'login-without-tls': {
    meaning: 'Sessions with a `login.publicUrl` at http: browsers keep such cookies on the machine itself only.',
    mend: 'put TLS in front, and say https in publicUrl',
  },
  'rewrite-drops-rest': {
    meaning: 'All paths below a route are sent to one address.',
    mend: 'end the rewrite in /** to keep the rest',
  },
  'proxies-anybody': {
    meaning: '`trustedProxies` believes the `X-Forwarded-For` of anybody, and limits by client.ip count by it.',
    mend: 'name the addresses of the proxies',
  },
  'workers-without-redis': {
    meaning: 'Each worker counts alone, so a client gets each limit several times.',
    mend: 'add redis, or run one worker',
  },
  'accept-unused': {
    meaning: 'An entry of `accept` accepts nothing. It cannot be accepted itself.',
    mend: 'remove the entry, or mend its code or at',
  },
}
