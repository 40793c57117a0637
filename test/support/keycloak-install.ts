/** Fetches Keycloak once, through Maven (pinned and checked), and keeps it below node_modules/.cache. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'

const VERSION = '26.7.4'
const SHA256 = 'a286e98b4296d4e75ee88d8527c7cd463b307caa022f088c9f22cffccc741fa1'
/** Of what is cached: another one makes machines install it anew. */
const CACHED_AS = `keycloak-${VERSION}-seeded`
const CACHE = new URL('../../node_modules/.cache/', import.meta.url).pathname
const PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:2.8:get'

const run = promisify(execFile)

/** The command that this machine lacks, if any. */
export async function missingPart(): Promise<string | undefined> {
  for (const command of ['java', 'unzip', ...(existsSync(join(CACHE, CACHED_AS)) ? [] : ['mvn'])]) {
    const found = await run('sh', ['-c', `command -v ${command}`]).catch(() => undefined)
    if (found === undefined) return command
  }
  return undefined
}

/**
 * A folder with an unpacked Keycloak that nobody else uses: the cached one, hard-linked, with a copy of its data.
 * `warmUp` runs once, on the first install, before the folder enters the cache; what it leaves (a database with the master
 * realm and its administrator) spares each later start ten seconds.
 */
export async function checkOutKeycloak(warmUp: (home: string) => Promise<void>): Promise<string> {
  await mkdir(CACHE, { recursive: true })
  const cached = join(CACHE, CACHED_AS)
  if (!existsSync(cached)) await install(cached, warmUp)
  const home = join(await mkdtemp(join(CACHE, 'keycloak-run-')), 'keycloak')
  await run('cp', ['-al', cached, home])
  await rm(join(home, 'data'), { recursive: true, force: true })
  await run('cp', ['-r', join(cached, 'data'), home]) // not linked: the database is written in place
  await mkdir(join(home, 'data/import'), { recursive: true })
  return home
}

async function install(cached: string, warmUp: (home: string) => Promise<void>): Promise<void> {
  const work = await mkdtemp(join(CACHE, 'keycloak-install-'))
  try {
    const zip = join(work, 'keycloak.zip')
    const artifact = `org.keycloak:keycloak-quarkus-dist:${VERSION}:zip`
    await run('mvn', ['-B', '-q', '-C', PLUGIN, `-Dartifact=${artifact}`, '-Dtransitive=false', `-Ddest=${zip}`])
    const hash = createHash('sha256')
    await pipeline(createReadStream(zip), hash)
    const digest = hash.digest('hex')
    if (digest !== SHA256) throw new Error(`keycloak-quarkus-dist ${VERSION} has the SHA-256 ${digest}, not ${SHA256}`)
    await run('unzip', ['-q', zip, '-d', work])
    const home = join(work, `keycloak-${VERSION}`)
    await warmUp(home)
    await rename(home, cached).catch((error) => {
      if (!existsSync(cached)) throw error // else another run was faster
    })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}
