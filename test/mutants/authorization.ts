/** Who may use a route. */
import { inFile, type Mutant } from './mutant.ts'

const TARGETS = ['security/hosts-and-targets.test.ts']
const SHAPES = ['security/claim-shapes.test.ts']
const DECIDE_UNIT = ['unit/authorization/decide.test.ts', 'unit/authorization/conditions.test.ts']

const deciding = inFile(
  'authorization/decide.ts',
  [...DECIDE_UNIT],
  [
    {
      id: 'method-of-the-line',
      find: 'candidate?.methods.has(method as Method) &&\n      scopesHold',
      replace: 'candidate !== undefined &&\n      scopesHold',
      removes: 'a line is good for its methods alone',
      tests: TARGETS,
      guards: ['pitfall 11'],
    },
    {
      id: 'scopes-of-the-line',
      find: 'scopesHold(candidate, token) &&\n',
      replace: '(scopesHold(candidate, token) || true) &&\n',
      removes: 'scopes are demanded',
      tests: SHAPES,
      guards: ['flaw 5'],
    },
    {
      id: 'conditions-of-the-line',
      find: 'othersHold(candidate, params, token)\n    ) {',
      replace: '(othersHold(candidate, params, token) || true)\n    ) {',
      removes: 'roles, claims and ownership are demanded',
      tests: SHAPES,
      guards: ['flaw 5'],
    },
    {
      id: 'denied-by-default',
      find: 'return denial(policy, method, params, token)',
      replace: 'return denial(policy, method, params, token).allowed ? PUBLIC : lineless(policy)',
      also: [
        {
          file: 'src/authorization/decide.ts',
          find: 'function denial(',
          replace:
            'const lineless = (policy: RoutePolicy): Decision => (policy.allow.length === 0 ? PUBLIC : NO_TOKEN)\n\nfunction denial(',
        },
      ],
      removes: 'a route that names nobody is for nobody',
      guards: ['flaw 10', 'flaw 11'],
    },
    {
      id: 'public-methods',
      find: 'return policy.public?.methods.has(method as Method) ?? false',
      replace: 'return policy.public !== undefined && method !== ""',
      removes: 'only the methods that the file names are public',
      tests: TARGETS,
      guards: ['pitfall 11'],
    },
    {
      id: 'refusal-without-token',
      find: 'if (token === undefined) return isAllPublic(policy) ? methodNotAllowed(policy) : NO_TOKEN',
      replace: 'if (token === undefined) return methodNotAllowed(policy)',
      removes: 'a caller without a token learns nothing of a route',
      guards: ['flaw 11'],
    },
    {
      id: 'missing-scope-is-403',
      find: 'GatewayError(decision.code, reason, { ...(scope',
      replace: "GatewayError('invalid_token', reason, { ...(scope",
      removes: 'a missing scope is 403 and not 401',
      tests: ['security/challenge.test.ts'],
      guards: ['flaw 7', 'RFC 6750 3.1'],
    },
    {
      id: 'assert-allowed',
      find: 'throw new GatewayError(decision.code, reason, { allow: decision.allow })',
      replace: 'return',
      removes: 'a method that no line names is refused',
      tests: TARGETS,
      guards: ['pitfall 11', 'RFC 9110 15.5.6'],
    },
  ],
)

const reporting = inFile(
  'authorization/decide-and-report.ts',
  ['integration/process/report-mode.test.ts'],
  [
    {
      id: 'report-ends',
      find: 'decide(inForce(route, nowMs), method, params, token)',
      replace: 'decide(inForce(route, 0 * nowMs), method, params, token)',
      removes: 'report mode ends with its last day',
      guards: ['flaw 10'],
    },
    {
      id: 'report-changes-nothing',
      find: 'return enforced',
      replace: 'return candidate',
      removes: 'what is only reported lets nobody through',
      guards: ['flaw 10'],
    },
  ],
)

const conditions = inFile('authorization/conditions.ts', SHAPES, [
  {
    id: 'line-that-demands-nothing',
    find: 'if (!demandsSomething(line)) return false\n',
    replace: '',
    removes: 'a line that demands nothing lets nobody in',
    tests: DECIDE_UNIT,
    guards: ['flaw 10', 'flaw 5'],
  },
  {
    id: 'roles',
    find: 'if (line.roles !== undefined && !setHolds(line.roles, token.roles)) return false\n',
    replace: '',
    removes: 'roles are demanded',
    guards: ['flaw 5'],
  },
  {
    id: 'claim-conditions',
    find: 'for (const claim of line.claims) if (!claimHolds(claim, token)) return false\n',
    replace: '',
    removes: 'claims are demanded',
    guards: ['flaw 5'],
  },
  {
    id: 'ownership',
    find: 'for (const ownership of line.where) if (!ownershipHolds(ownership, params, token)) return false\n',
    replace: '',
    removes: 'ownership is demanded',
    guards: ['flaw 5'],
  },
  {
    id: 'all-scopes',
    find: 'for (const value of values) if (!granted.has(value)) return false\n  return values.length > 0',
    replace: 'for (const value of values) if (granted.has(value)) return true\n  return false',
    removes: 'all means all',
    tests: DECIDE_UNIT,
    guards: ['flaw 5'],
  },
  {
    id: 'empty-list',
    find: 'for (const value of values) if (!granted.has(value)) return false\n  return values.length > 0',
    replace: 'for (const value of values) if (!granted.has(value)) return false\n  return true',
    removes: 'an empty list never holds',
    tests: DECIDE_UNIT,
    guards: ['flaw 10'],
  },
  {
    id: 'claim-types-strict',
    find: 'return Array.isArray(claim) ? claim.includes(wanted) : claim === wanted',
    replace:
      'return Array.isArray(claim) ? claim.map(String).includes(String(wanted)) : String(claim) === String(wanted)',
    removes: 'the text "1" is not the number 1',
    guards: ['flaw 3'],
  },
  {
    id: 'claim-whole',
    find: 'return Array.isArray(claim) ? claim.includes(wanted) : claim === wanted',
    replace:
      'return (Array.isArray(claim) || typeof claim === "string") ? claim.includes(wanted as never) : claim === wanted',
    removes: 'a claim is compared as a whole',
    guards: ['GHSA-c5c4-8r6x-56w3', 'pitfall 9'],
  },
  {
    id: 'own-parameter',
    find: 'if (!Object.hasOwn(params, param)) return false\n',
    replace: '',
    removes: 'a parameter is one of the path',
    tests: DECIDE_UNIT,
    guards: ['flaw 3'],
    survives: 'parameters inherit from an empty object, and what others inherit is no text: a second line',
  },
])

const claims = inFile(
  'read-claim.ts',
  ['unit/read-claim.test.ts'],
  [
    {
      id: 'claims-own-members',
      find: ' || !Object.hasOwn(value, name)) {',
      replace: ') {',
      removes: 'nothing of a prototype is a claim',
      guards: ['flaw 3'],
    },
    {
      id: 'claims-of-lists',
      find: ' || Array.isArray(value) || ',
      replace: ' || ',
      removes: 'a place in a list is no claim',
      guards: ['flaw 3', 'flaw 6'],
    },
  ],
)

export const AUTHORIZATION: readonly Mutant[] = [...deciding, ...reporting, ...conditions, ...claims]
