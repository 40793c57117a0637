/**
 * Bundles src/main.ts with the npm packages that it uses into dist/main.js and the parts that only some runs load, see
 * docs/decisions.md, "The bundle holds the packages". Only oidc-provider stays outside: it is optional, and for `dev` alone.
 */
import { chmod, copyFile, cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { rolldown } from 'rolldown'

const root = new URL('../', import.meta.url)
const dist = new URL('dist/', root)

/** Folders of the npm packages that went into these chunks, each with its slash at the end. */
function packagesIn(chunks) {
  const ids = chunks.flatMap(({ moduleIds = [] }) => moduleIds)
  const folders = ids.map((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+\//.exec(id)?.[0])
  return [...new Set(folders.filter((folder) => folder !== undefined))].sort()
}

/** Name, version and licence of a package as text, for its licence asks that whoever gets the code gets that too. */
async function describeLicence(folder) {
  const { name, version, license } = JSON.parse(await readFile(`${folder}package.json`, 'utf8'))
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice)(\.|$)/i.test(file)).sort()
  if (files.length === 0) throw new Error(`${name} comes without a licence file`)
  const texts = await Promise.all(files.map((file) => readFile(`${folder}${file}`, 'utf8')))
  return `${name} ${version} (${license})\n\n${texts.map((text) => text.trim()).join('\n\n')}\n`
}

await rm(dist, { recursive: true, force: true })
const bundle = await rolldown({
  input: 'src/main.ts',
  cwd: root.pathname,
  platform: 'node',
  external: ['oidc-provider'],
})
const { output } = await bundle.write({
  dir: 'dist',
  // To import `node:http` makes Node load its fetch as well; to require it does not.
  format: 'cjs',
  entryFileNames: '[name].js',
  chunkFileNames: '[name].js',
})
await bundle.close()
await writeFile(new URL('package.json', dist), '{ "type": "commonjs" }\n')
// Read beside the module that uses it, which is now the bundle.
await copyFile(new URL('src/rate-limiting/sliding-window.lua', root), new URL('sliding-window.lua', dist))
// The console's page: its files, and its scripts as one.
const pageFrom = new URL('src/console/page/', root)
const page = new URL('page/', dist)
for (const file of (await readdir(pageFrom)).filter((name) => /\.(?:html|css|svg)$/.test(name))) {
  await cp(new URL(file, pageFrom), new URL(file, page))
}
const scripts = await rolldown({ input: 'src/console/page/console.ts', cwd: root.pathname, platform: 'browser' })
await scripts.write({ dir: 'dist/page', format: 'esm', minify: true, entryFileNames: 'console.js' })
await scripts.close()
// The API reference page: its own files, and two of the library, which is no dependency of the package, see docs/decisions.md,
// "The API reference page is Swagger UI, without what it installs".
const swagger = new URL('./', pathToFileURL(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json')))
await cp(new URL('src/docs-page/docs-files/', root), new URL('docs-files/', dist), { recursive: true })
for (const file of ['swagger-ui-bundle.js', 'swagger-ui.css']) {
  await cp(new URL(file, swagger), new URL(`docs-files/${file}`, dist))
}
const licences = await Promise.all([...packagesIn(output), swagger.pathname].map(describeLicence))
// What the library itself is made of.
licences.push(await readFile(new URL('swagger-ui-bundle.js.LICENSE.txt', swagger), 'utf8'))
await writeFile(new URL('THIRD-PARTY-LICENSES.txt', dist), licences.join(`\n${'-'.repeat(80)}\n\n`))
await chmod(new URL('main.js', dist), 0o755)
