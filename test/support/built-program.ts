/** The program as it is published: bundled in a folder of its own, with nothing beside it. */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const ROOT = new URL('../..', import.meta.url).pathname

/** Resolves with the folder that holds `dist` and no packages. */
export async function buildProgram(): Promise<{ readonly folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'scopegate-built-'))
  for (const part of ['src', 'scripts', 'package.json', 'tsconfig.json']) {
    await cp(join(ROOT, part), join(folder, part), { recursive: true })
  }
  const packages = join(folder, 'node_modules')
  await symlink(join(ROOT, 'node_modules'), packages)
  await promisify(execFile)(process.execPath, ['scripts/build.mjs'], { cwd: folder })
  for (const part of [packages, join(folder, 'src'), join(folder, 'scripts')]) await rm(part, { recursive: true })
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) }
}
