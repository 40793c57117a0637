// `npm run docs`: writes what is made from the schema of the route-scope file, and from the rules of lint.
import { readFileSync, writeFileSync } from 'node:fs'
import { lintPage } from '../src/authoring/lint/lint-page.ts'
import { referencePage, settingsTable } from '../src/authoring/reference-page.ts'
import { editorJsonSchema } from '../src/config/json-schema.ts'

const at = (path) => new URL(`../${path}`, import.meta.url)

writeFileSync(at('scopegate.schema.json'), `${JSON.stringify(editorJsonSchema(), null, 2)}\n`)
const example = readFileSync(at('test/fixtures/config/full.yaml'), 'utf8').replace(/^#.*\n/, '')
writeFileSync(at('docs/route-scope-file.md'), referencePage(example))
writeFileSync(at('docs/lint.md'), lintPage())

const readme = readFileSync(at('README.md'), 'utf8')
const [before, after] = [readme.split('<!-- settings -->')[0], readme.split('<!-- /settings -->')[1]]
if (before === undefined || after === undefined) throw new Error('README.md has no place for the settings')
writeFileSync(at('README.md'), `${before}<!-- settings -->\n${settingsTable()}\n<!-- /settings -->${after}`)
