/** What is installed is what was looked at, and everybody can see what that is. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import packageFile from '../../package.json' with { type: 'json' }
import { readProjectFile } from '../support/documents.ts'

interface LockEntry {
  readonly version: string
  readonly integrity?: string
  readonly resolved?: string
  readonly license?: string
  readonly dev?: boolean
  readonly optional?: boolean
  /** Needed by development as well; beside that only by what is optional. */
  readonly devOptional?: boolean
}

function packagesOf(lockFile: string): [path: string, entry: LockEntry][] {
  const { packages } = JSON.parse(readProjectFile(lockFile)) as { packages: Record<string, LockEntry> }
  return Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, entry]) => [path, entry.devOptional === true ? { ...entry, optional: true } : entry])
}

const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
/** Its files are copied into the package, and nothing that it depends on. */
const VENDORED = 'node_modules/swagger-ui-dist'
const shipped = packagesOf('package-lock.json').filter(([path, { dev }]) => dev !== true || path === VENDORED)

describe.each(['package-lock.json', 'bench/alternatives/package-lock.json'])('the lock file %s', (lockFile) => {
  it('has a hash for every package, those of other systems as well', () => {
    const without = packagesOf(lockFile).filter(([, { integrity = '' }]) => !/^sha512-[\w+/]{86}==$/.test(integrity))
    expect(without).toEqual([])
  })

  it('names no place to fetch from: that is for npm to say', () => {
    expect(packagesOf(lockFile).filter(([, { resolved }]) => resolved !== undefined)).toEqual([])
  })
})

describe('what is shipped', () => {
  it('is named in package.json by exact versions', () => {
    const { 'swagger-ui-dist': vendored } = packageFile.devDependencies
    const asked = Object.entries({ ...packageFile.dependencies, ...packageFile.optionalDependencies, vendored })
    for (const [name, version] of asked) expect(version, name).toMatch(/^\d+\.\d+\.\d+$/)
  })

  it('has licences that ask for no more than to be named', () => {
    const licences = new Set(shipped.map(([, { license }]) => license))
    expect([...licences].sort()).toEqual(['Apache-2.0', 'BSD-3-Clause', 'ISC', 'MIT'])
  })

  it('runs nothing when it is installed', () => {
    expect(shipped.filter(([, entry]) => 'hasInstallScript' in entry)).toEqual([])
  })

  it('has a page whose library reports nothing of installations, for users or for us', () => {
    expect({ ...packageFile.dependencies, ...packageFile.optionalDependencies }).not.toHaveProperty('swagger-ui-dist')
    expect(packageFile.allowScripts['@scarf/scarf']).toBe(false)
    expect(packageFile.scarfSettings).toEqual({ enabled: false })
    const scripts = packagesOf('package-lock.json').filter(([, entry]) => 'hasInstallScript' in entry)
    const allowed = Object.entries(packageFile.allowScripts).flatMap(([name, isAllowed]) => (isAllowed ? [name] : []))
    const decided = Object.keys(packageFile.allowScripts)
    expect(allowed).toEqual(['node'])
    for (const [path] of scripts) expect(decided, path).toContain(nameOf(path))
  })
})

interface Bom {
  readonly bomFormat: string
  readonly specVersion: string
  readonly serialNumber: string
  readonly metadata: { readonly component: Record<string, unknown> }
  readonly components: readonly {
    readonly name: string
    readonly version: string
    readonly purl: string
    readonly scope: string
    readonly hashes: readonly { readonly alg: string; readonly content: string }[]
    readonly licenses: readonly { readonly license: { readonly id: string } }[]
  }[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[]
}

describe('the bill of materials: `npm run sbom`', () => {
  let folder: string
  let text: string
  let bom: Bom

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scopegate-'))
    const file = join(folder, 'bom.json')
    await promisify(execFile)(process.execPath, ['scripts/sbom.mjs', file], { cwd: new URL('../..', import.meta.url) })
    text = await readFile(file, 'utf8')
    bom = JSON.parse(text)
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('is CycloneDX, of this program in this version', () => {
    expect(bom).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.5' })
    expect(bom.serialNumber).toMatch(/^urn:uuid:[\da-f-]{36}$/)
    const { name, version } = packageFile
    expect(bom.metadata.component).toMatchObject({
      type: 'application',
      name,
      version,
      purl: `pkg:npm/${name}@${version}`,
    })
  })

  it('holds each package of the lock file that is shipped, with its hash and its licence, and no other', () => {
    const listed = bom.components.map(({ name, version, scope, hashes, licenses }) => ({
      ...{ name, version, optional: scope === 'optional' },
      integrity: `sha512-${Buffer.from(hashes[0]?.content ?? '', 'hex').toString('base64')}`,
      license: licenses[0]?.license.id,
    }))
    const locked = shipped.map(([path, { version, optional = false, integrity, license }]) => ({
      ...{ name: nameOf(path), version, optional, integrity, license },
    }))
    const sorted = (list: readonly object[]) => list.map((one) => JSON.stringify(one)).toSorted()
    expect(sorted(listed)).toEqual(sorted(locked))
  })

  it('says who needs whom, without loose ends', () => {
    const refs = new Set(bom.dependencies.map(({ ref }) => ref))
    for (const { dependsOn = [] } of bom.dependencies) for (const ref of dependsOn) expect(refs).toContain(ref)
    const [root] = bom.dependencies
    expect(root?.dependsOn?.map((ref) => ref.replace(/@[^@]*$/, '')).toSorted()).toEqual(
      [
        ...Object.keys({ ...packageFile.dependencies, ...packageFile.optionalDependencies }),
        nameOf(VENDORED),
      ].toSorted(),
    )
  })

  it('leaves out what only development on one machine needs, for the image', async () => {
    const file = join(folder, 'image.json')
    const options = { cwd: new URL('../..', import.meta.url) }
    await promisify(execFile)(process.execPath, ['scripts/sbom.mjs', file, '--omit=optional'], options)
    const { components } = JSON.parse(await readFile(file, 'utf8')) as Bom
    const needed = shipped.filter(([, { optional }]) => optional !== true).map(([path]) => nameOf(path))
    expect(components.map(({ name }) => name).toSorted()).toEqual(needed.toSorted())
  })

  it('names no path of the machine that made it', () => {
    expect(text).not.toContain(tmpdir())
    expect(text).not.toContain(new URL('../..', import.meta.url).pathname)
  })
})
