/**
 * What is promised when something around the gateway fails. The tests of this folder make each fault for real and see that
 * it holds; docs/production.md shows the same lines.
 */

/** A status, or `cut`: the answer began and its connection was broken off, so that nobody takes it for whole. */
export type Answer = number | 'cut'

export interface Promised {
  /** What good requests get while the fault lasts, by kind of request. All of these come, and nothing else. */
  readonly answers: Readonly<Record<string, readonly Answer[]>>
  /** What `/readyz` says meanwhile; 0: nobody gets a connection to it. */
  readonly ready: 200 | 503 | 0
}

type Faults<Name extends string> = Readonly<Record<Name, Promised>>

const SERVES = 200
const NOT_READY = 503
const OUT_OF_REACH = 0

const faults = <Name extends string>(
  names: readonly Name[],
  answers: Promised['answers'],
  ready: Promised['ready'] = SERVES,
): Faults<Name> => Object.fromEntries(names.map((name) => [name, { answers, ready }])) as Faults<Name>

const FALLS_BACK = { local: [200], allow: [200], deny: [503] }
const SOME_FALL_BACK = { local: [200], allow: [200], deny: [200, 503] }
const any = (...answers: Answer[]) => ({ any: answers })
const GOES_ON = any(200)

export const PROMISES = {
  Redis: {
    ...faults(
      [
        'refuses connections from the start',
        'is killed',
        'hangs',
        'is slow',
        'is full',
        'runs a script without end',
        'loads its data',
        'became a replica',
        'refuses the commands',
        'refuses the password',
        'has no connection left',
        'breaks connections inside an answer',
        'takes connections and never answers',
        'is something else that answers',
        'has windows spoiled by somebody else',
        'has a name that does not resolve',
        'has a certificate that nobody vouches for',
      ],
      FALLS_BACK,
    ),
    ...faults(['is flushed, scripts included'], GOES_ON),
  },
  'Redis with Sentinel': {
    ...faults(['loses its master', 'has a master that hangs'], FALLS_BACK),
    ...faults(['loses its sentinels'], GOES_ON),
  },
  'Redis Cluster': {
    ...faults(['loses a master', 'has a master that hangs'], SOME_FALL_BACK),
    ...faults(['moves slots', 'loses a replica'], GOES_ON),
    ...faults(['is gone as a whole'], FALLS_BACK),
  },
  'an upstream': {
    ...faults(
      [
        'refuses connections',
        'closes before an answer',
        'resets before an answer',
        'answers no HTTP',
        'has a name that does not resolve',
        'has a certificate that nobody vouches for',
        'has all of its addresses down',
      ],
      any(502),
    ),
    ...faults(['never accepts a connection', 'accepts and never answers'], any(504)),
    ...faults(
      [
        'resets inside the body',
        'closes before the announced length',
        'closes inside the chunks',
        'stalls inside the body',
      ],
      any('cut'),
    ),
    ...faults(['sends more than the announced length', 'has one of two addresses down'], any(200)),
    ...faults(['has one of two addresses that hangs'], any(200, 504)),
  },
  'an issuer': {
    ...faults(
      [
        'is down from the start',
        'hangs from the start',
        'answers 500 from the start',
        'answers a web page from the start',
        'has a name that does not resolve',
        'has a certificate that nobody vouches for',
      ],
      any(503),
      NOT_READY,
    ),
    ...faults(['goes down later', 'hangs later'], any(200)),
    ...faults(['is down for longer than `staleFor`'], any(503)),
  },
  'the machine': {
    ...faults(['has no space for the log'], any(200)),
    ...faults(['has no file descriptors left'], { kept: [200], new: [503] }, OUT_OF_REACH),
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Promised>>>>

export type Dependency = keyof typeof PROMISES

/** The table for people: faults that are answered alike stand together. */
export function promisesTable(): string {
  const lines = ['| when | fails like this | good requests get | `/readyz` |', '|---|---|---|---|']
  for (const [dependency, all] of Object.entries(PROMISES)) {
    const alike = new Map<string, string[]>()
    for (const [fault, { answers, ready }] of Object.entries<Promised>(all)) {
      const what = `${describeAnswers(answers)} | ${ready || 'no connection'}`
      alike.set(what, [...(alike.get(what) ?? []), fault])
    }
    for (const [what, names] of alike) lines.push(`| ${dependency} | ${names.join('; ')} | ${what} |`)
  }
  return lines.join('\n')
}

export function describeAnswers(answers: Promised['answers']): string {
  const kinds = Object.entries(answers)
  const texts = new Map<string, string[]>()
  for (const [kind, each] of kinds) {
    const text = each.map((answer) => (answer === 'cut' ? 'a cut answer' : String(answer))).join(' or ')
    texts.set(text, [...(texts.get(text) ?? []), `\`${kind}\``])
  }
  if (texts.size === 1) return [...texts.keys()].join()
  return [...texts].map(([text, names]) => `${text} with ${names.join(' and ')}`).join(', ')
}
