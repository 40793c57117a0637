/** `scopegate usage --from FILE`: the scopes that clients hold against those they use. */
import { parseArgs } from 'node:util'
import { createReplay } from '../authoring/replay.ts'
import { type ClientUsage, createUsage, type Usage } from '../authoring/usage.ts'
import { withoutControls } from '../config/problem.ts'
import { FILE_OPTIONS, FROM_OPTION, loadFor, printProblems } from './arguments.ts'
import { type Colours, coloursFor } from './colours.ts'
import type { CommandIo } from './command-io.ts'
import { countOf, describeUnread, type LinesRead, nameOf, readDecisions, sha256 } from './decision-files.ts'

export async function run(io: CommandIo, args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    options: { ...FILE_OPTIONS, ...FROM_OPTION },
    allowPositionals: true,
  })
  const loaded = loadFor(io, values.config)
  if (loaded.config === undefined) return printProblems(io, loaded, values.json)
  const usage = createUsage(createReplay(loaded.config, sha256, Date.now()))
  const read = await readDecisions(io, [...(values.from ?? []), ...positionals], usage.add)
  const result = usage.result()
  if (values.json) io.stdout(`${JSON.stringify({ ...result, malformed: read.malformed, lost: read.lost }, null, 2)}\n`)
  else io.stdout(format(result, read, coloursFor(io)))
  return 0
}

function format({ clients, unknown, isSampled }: Usage, read: LinesRead, colours: Colours): string {
  const notes = [
    ...(clients.length === 0 ? ['no request with a token was recorded'] : []),
    ...(unknown === 0 ? [] : [`of ${countOf(unknown)} it is not known what they needed: see scopegate impact`]),
    ...(isSampled ? ['allowed requests are a sample: a scope that seems unused may be used'] : []),
    ...describeUnread(read),
  ]
  return [...clients.flatMap((client) => formatClient(client, colours)), ...notes].map((line) => `${line}\n`).join('')
}

function formatClient(client: ClientUsage, { strong, bad, faint }: Colours): string[] {
  const { issuer, clientId, requests, allowed, used, unused, routes } = client
  const head = withoutControls(`${nameOf(clientId)} of ${issuer}`)
  const list = (scopes: readonly string[]): string => withoutControls(scopes.join(' ')) || 'none'
  return [
    `${strong(head)}  ${countOf(requests)}, ${allowed} allowed`,
    `  used    ${list(used)}`,
    `  unused  ${unused.length === 0 ? 'none' : bad(list(unused))}`,
    ...routes.map((route) => `  ${faint(`${route.requests} × ${withoutControls(route.route)}`)}`),
    '',
  ]
}
