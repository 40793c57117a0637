/** `scopegate diff OLD NEW`: what becomes allowed or denied, and for whom. Exit code 1 when more may pass than before. */
import { parseArgs } from 'node:util'
import { diff } from '../authoring/diff.ts'
import { type LoadResult, loadConfigFile, MAX_FILE_BYTES } from '../config/load.ts'
import { createKnownPieces, type KnownPieces } from '../config/read-pieces.ts'
import { printProblems } from './arguments.ts'
import { coloursFor } from './colours.ts'
import { type CommandIo, UsageError } from './command-io.ts'
import { formatDiff, formatDiffMarkdown } from './diff-text.ts'

export async function run(io: CommandIo, args: string[]): Promise<number> {
  const options = { json: { type: 'boolean', default: false }, markdown: { type: 'boolean', default: false } } as const
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
  const [before, after, ...more] = positionals
  if (before === undefined || after === undefined || more.length > 0) {
    throw new UsageError('expected two files: diff OLD NEW; each may be git:REVISION:PATH')
  }
  // Most of the one file stands in the other as well.
  const known = createKnownPieces()
  const loaded = [await loadSide(io, before, known), await loadSide(io, after, known)]
  const [old, next] = loaded
  for (const side of loaded) if (side.config === undefined) return printProblems(io, side, values.json)
  if (old?.config === undefined || next?.config === undefined) return 2
  const changes = diff(old.config, next.config)
  if (values.json) io.stdout(`${JSON.stringify(changes, null, 2)}\n`)
  else if (values.markdown) io.stdout(formatDiffMarkdown(changes))
  else io.stdout(formatDiff(changes, before, after, coloursFor(io)))
  return changes.widens ? 1 : 0
}

async function loadSide({ env, cwd }: CommandIo, name: string, known: KnownPieces): Promise<LoadResult> {
  const [, revision, path] = /^git:([^:]+):(.+)$/.exec(name) ?? []
  if (revision === undefined || path === undefined) return loadConfigFile(name, env, { cwd, known })
  return loadConfigFile(path, env, { cwd, known, text: await readRevision(cwd, revision, path) })
}

/** As the file was in a commit; the path is relative to the folder that the command runs in. */
async function readRevision(cwd: string, revision: string, path: string): Promise<string> {
  if (revision.startsWith('-')) throw new UsageError('a revision of git does not begin with "-"')
  const object = `${revision}:${path.startsWith('/') ? path : `./${path}`}`
  // Two files need nothing of it.
  const { execFileSync } = await import('node:child_process')
  try {
    return execFileSync('git', ['show', '--no-textconv', object], {
      ...{ cwd, encoding: 'utf8', maxBuffer: MAX_FILE_BYTES * 2, stdio: ['ignore', 'pipe', 'ignore'] },
    })
  } catch {
    throw new UsageError(`git has no ${path} in ${revision}, or there is no repository here`)
  }
}
