import { type Command, type CommandIo, UsageError } from './command-io.ts'

interface CommandEntry {
  readonly summary: string
  /** Loaded when it runs: most commands need little of the program. */
  readonly load: () => Promise<{ readonly run: Command }>
}

const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  init: {
    summary: 'write a route-scope file to begin with: by asking, from a realm or from OpenAPI',
    load: () => import('./init.ts'),
  },
  start: { summary: 'run the gateway', load: () => import('./start.ts') },
  dev: { summary: 'run everything on this machine, with nothing else installed', load: () => import('./dev.ts') },
  validate: { summary: 'check the route-scope file and run its tests', load: () => import('./validate.ts') },
  routes: { summary: 'show the route table: who may do what', load: () => import('./routes.ts') },
  explain: { summary: 'why a request gets its answer, line by line', load: () => import('./explain.ts') },
  who: { summary: 'which scopes, roles and claims open a request', load: () => import('./who.ts') },
  test: { summary: 'run the tests of the file, with coverage of its allow lines', load: () => import('./test.ts') },
  diff: { summary: 'what a new file allows or denies that the old one did not', load: () => import('./diff.ts') },
  keycloak: {
    summary: 'check: what the realm lacks for the file; plan: what to make',
    load: () => import('./keycloak.ts'),
  },
  openapi: {
    summary: 'the routes as OpenAPI; check compares them with services, import drafts them',
    load: () => import('./openapi.ts'),
  },
  impact: {
    summary: 'which recorded requests a new file would treat otherwise, by client and route',
    load: () => import('./impact.ts'),
  },
  usage: { summary: 'which scopes clients hold, and which they use', load: () => import('./usage.ts') },
  shadow: {
    summary: 'whether rules that are only reported may be enforced: who would be denied',
    load: () => import('./shadow.ts'),
  },
  status: { summary: 'whether the file is in force in the gateway that runs', load: () => import('./status.ts') },
  schema: { summary: 'print the JSON Schema of the file, for editors', load: () => import('./schema.ts') },
}

/** Runs the command that `args` name. Resolves with the exit code: 0 good, 1 the thing checked is bad, 2 usage or an unreadable file. */
export async function dispatch(io: CommandIo, args: readonly string[], version: string): Promise<number> {
  const [name, ...rest] = args
  if (name === '--version' || name === '-v') {
    io.stdout(`${version}\n`)
    return 0
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    io.stdout(usage())
    return 0
  }
  // Not for people: how `start` starts its other processes.
  if (name === 'worker') return runCommand(io, { summary: '', load: () => import('./worker.ts') }, rest)
  const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command === undefined) {
    io.stderr(`${name === undefined ? '' : `scopegate: unknown command "${name}"\n\n`}${usage()}`)
    return 2
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    io.stdout(usage())
    return 0
  }
  return runCommand(io, command, rest)
}

async function runCommand(io: CommandIo, command: CommandEntry, args: string[]): Promise<number> {
  const { run } = await command.load()
  try {
    return await run(io, args)
  } catch (error) {
    if (!isUsageError(error)) throw error
    io.stderr(`scopegate: ${error.message}\n\n${usage()}`)
    return 2
  }
}

/** Ours, or that of `parseArgs`. */
function isUsageError(error: unknown): error is Error {
  if (error instanceof UsageError) return true
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
}

function usage(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length))
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`)
  return `Usage: scopegate <command> [-c FILE] [--json]

${lines.join('\n')}

  -c, --config FILE  the route-scope file (default: scopegate.yaml)
  --json             print a result as JSON
  --help, --version

Exit code: 0 good, 1 what was checked is bad, 2 usage or an unreadable file.
`
}
