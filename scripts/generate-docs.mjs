// `npm run docs`: writes what is made from the schema of the route-scope file.
import { readFileSync, writeFileSync } from 'node:fs'
import { referencePage } from '../src/authoring/reference-page.ts'
import { editorJsonSchema } from '../src/config/json-schema.ts'

const at = (path) => new URL(`../${path}`, import.meta.url)

writeFileSync(at('scopegate.schema.json'), `${JSON.stringify(editorJsonSchema(), null, 2)}\n`)
const example = readFileSync(at('test/fixtures/config/full.yaml'), 'utf8').replace(/^#.*\n/, '')
writeFileSync(at('docs/route-scope-file.md'), referencePage(example))
