/**
 * Writes the software bill of materials, CycloneDX: what `dist` is made of and what an installation brings, with licences and
 * hashes, all from the lock file. Arguments: the file to write; `--omit=optional` leaves out what only `dev` needs.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const [target = 'sbom.cdx.json', omit] = process.argv.slice(2)
/** Copied into the package by build.mjs; what it would install beside itself is not. */
const VENDORED = 'swagger-ui-dist'
const isShipped = ([path, { dev, optional, devOptional }]) =>
  path !== '' && !dev && !((optional || devOptional) && omit === '--omit=optional')
const readJson = (name) => JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), 'utf8'))

// `npm sbom --omit dev` drops packages that development needs as well, such as zod, and calls the project by its folder:
// it gets a folder of the right name, and a lock file without development.
const folder = mkdtempSync(join(tmpdir(), 'sbom-'))
try {
  const { devDependencies, ...packageFile } = readJson('package.json')
  const lockFile = readJson('package-lock.json')
  const { devDependencies: __, ...root } = lockFile.packages['']
  if (omit === '--omit=optional') {
    delete packageFile.optionalDependencies
    delete root.optionalDependencies
  }
  for (const it of [packageFile, root]) it.dependencies = { ...it.dependencies, [VENDORED]: devDependencies[VENDORED] }
  const { dev: ___, dependencies: ____, ...vendored } = lockFile.packages[`node_modules/${VENDORED}`]
  const shipped = [...Object.entries(lockFile.packages).filter(isShipped), [`node_modules/${VENDORED}`, vendored]]
  const project = join(folder, packageFile.name)
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), JSON.stringify(packageFile))
  writeFileSync(
    join(project, 'package-lock.json'),
    JSON.stringify({ ...lockFile, packages: { '': root, ...Object.fromEntries(shipped) } }),
  )
  const options = ['--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only']
  const text = execFileSync('npm', ['sbom', ...options], { cwd: project, encoding: 'utf8' })
  writeFileSync(target, text)
  console.log(`${target}: ${JSON.parse(text).components.length} components`)
} finally {
  rmSync(folder, { recursive: true })
}
