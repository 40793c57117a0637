/** What the source files import, and where they are. */
import { readdirSync } from 'node:fs'
import path from 'node:path'

const IMPORT =
  /^[ \t]*(?:import|export)(\s+type)?\s+(?:\*(?:\s+as\s+\w+)?|\w+(?:\s*,\s*\{[^}]*\})?|\{[^}]*\})\s+from\s+['"]([^'"]+)['"]/gm
const BARE_IMPORT = /^[ \t]*import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm
export const UNREADABLE_IMPORT = /\bimport\(\s*[^'"\s]|\brequire\(/

export interface Import {
  readonly target: string
  readonly typeOnly: boolean
}

/** `import { type A }` counts as a value: the module is loaded. */
export function importsOf(source: string): Import[] {
  const named = [...source.matchAll(IMPORT)].map(([, type, target = '']) => ({ target, typeOnly: type !== undefined }))
  const bare = [...source.matchAll(BARE_IMPORT)].map(([, a, b]) => ({ target: a ?? b ?? '', typeOnly: false }))
  return [...named, ...bare]
}

export const withoutComments = (source: string) => source.replace(/^\s*\/\*[\s\S]*?\*\/|(?:^|\s)\/\/ .*$/gm, '')

/** All files below a folder of the project, from its root. */
export function filesOf(folder: string): string[] {
  const root = new URL(`../../${folder}`, import.meta.url).pathname
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const files = entries.map((entry) => path.posix.join(folder, path.relative(root, entry.parentPath), entry.name))
  return files.filter((file) => !/\/(?:node_modules|\.venv)\//.test(file)).sort()
}
