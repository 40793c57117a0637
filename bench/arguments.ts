/** The command line of the bench. */
import { parseArgs } from 'node:util'

export interface BenchArguments {
  /** Ids of rows; undefined means all. */
  readonly rows?: readonly string[]
  readonly rounds: number
  readonly seconds: number
  readonly warmUpSeconds: number
  readonly connections: number
  readonly path: string
  readonly build: boolean
  /** Writes bench/results.json and the picture. */
  readonly save: boolean
  readonly install: boolean
  /** Only how long a start takes. */
  readonly start: boolean
  /** Only how cost grows. */
  readonly growth: boolean
  /** Of growth; undefined means all. */
  readonly sections?: readonly string[]
  /** Too short for a figure. */
  readonly smoke: boolean
  /** Another checkout, already built, measured beside this one. */
  readonly compare?: string
}

export const USAGE = `npm run bench -- [options]
  --rows a,b         only these rows; writes no files (default: all that are installed)
  --rounds N         rounds of every row, interleaved (default 9)
  --seconds N        length of a round (default 2)
  --warm-up N        seconds of load on each row before the rounds (default 4), and again until it had 50,000 requests
  --connections N    (default 32)
  --path P           path up to the number of each request (default /orders/)
  --compare DIR      also the gateway of another checkout, from its dist/main.js as it is
  --start            only the time from a start to the first verified request; writes bench/start.json
  --growth           only how cost grows with size; writes bench/growth.json and a picture for each section
  --sections a,b     only these sections of growth
  --no-build         measures dist/main.js as it is
  --smoke            one round of one second, no warm-up, no files
  --install          installs the alternatives that come from npm and PyPI into bench/alternatives, and ends`

const SMOKE = { rounds: 1, seconds: 1, warmUpSeconds: 0 }

/** Throws with a text for people when an option is unknown or no number of the right kind. */
export function parseBenchArguments(args: readonly string[]): BenchArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: 'string' },
      rounds: { type: 'string', default: '9' },
      seconds: { type: 'string', default: '2' },
      'warm-up': { type: 'string', default: '4' },
      connections: { type: 'string', default: '32' },
      path: { type: 'string', default: '/orders/' },
      compare: { type: 'string' },
      'no-build': { type: 'boolean', default: false },
      smoke: { type: 'boolean', default: false },
      install: { type: 'boolean', default: false },
      start: { type: 'boolean', default: false },
      growth: { type: 'boolean', default: false },
      sections: { type: 'string' },
    },
  })
  return {
    rounds: readNumber('rounds', values.rounds, 1),
    seconds: readNumber('seconds', values.seconds, 1),
    warmUpSeconds: readNumber('warm-up', values['warm-up'], 0),
    ...(values.smoke && SMOKE),
    connections: readNumber('connections', values.connections, 1),
    path: values.path,
    build: !values['no-build'],
    save: values.rows === undefined && values.compare === undefined && !values.smoke,
    install: values.install,
    start: values.start,
    growth: values.growth,
    smoke: values.smoke,
    ...(values.sections !== undefined && { sections: values.sections.split(',') }),
    ...(values.rows !== undefined && { rows: values.rows.split(',') }),
    ...(values.compare !== undefined && { compare: values.compare }),
  }
}

function readNumber(name: string, text: string, least: number): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < least) throw new Error(`--${name} must be a whole number from ${least} on`)
  return value
}
