/** The files of the page: beside this one in the source, beside the bundle in a package. All of it comes from here. */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

export interface PageFile {
  readonly type: string
  readonly text: string
}

const FOLDER = new URL('./page/', import.meta.url)
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.js': 'text/javascript; charset=utf-8',
  '.ts': 'text/javascript; charset=utf-8',
}

/**
 * By their names. In the source the scripts are TypeScript, from which the types are taken here; the first one is asked for
 * as `console.js`, which in a package is all of them in one.
 */
export async function readPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const files = new Map<string, PageFile>()
  for (const name of await readdir(FOLDER)) {
    const type = TYPES[path.extname(name)]
    if (type === undefined) continue
    const text = await readFile(new URL(name, FOLDER), 'utf8')
    files.set(name, { type, text: name.endsWith('.ts') ? await withoutTypes(text) : text })
  }
  const source = files.get('console.ts')
  if (source !== undefined) files.set('console.js', source)
  return files
}

async function withoutTypes(text: string): Promise<string> {
  const { stripTypeScriptTypes } = await import('node:module')
  return stripTypeScriptTypes(text)
}
