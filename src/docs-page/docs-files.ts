/** The files of the page: its own beside this module, the library's beside them in a package and in node_modules in the source. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'

const FOLDER = new URL('./docs-files/', import.meta.url)
const LIBRARY = ['swagger-ui-bundle.js', 'swagger-ui.css']

/** Throws an Error that says what is missing. */
export async function readDocsFile(name: string): Promise<Buffer> {
  try {
    return await readFile(new URL(name, FOLDER))
  } catch (cause) {
    if (!LIBRARY.includes(name)) throw new Error(`a file of the API reference page is missing: ${name}`, { cause })
    return readLibrary(name)
  }
}

async function readLibrary(name: string): Promise<Buffer> {
  try {
    const require = createRequire(import.meta.url)
    const packageFile = require.resolve('swagger-ui-dist/package.json')
    return await readFile(path.join(path.dirname(packageFile), name))
  } catch (cause) {
    throw new Error('the API reference page needs the package swagger-ui-dist: npm install', { cause })
  }
}
