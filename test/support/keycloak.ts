/**
 * A real Keycloak for tests. `test/support/keycloak-setup.ts` starts one for a whole run and imports the realm file; tests
 * take it with `sharedKeycloak()` and make a realm of their own with `createRealm()`. A test that stops Keycloak starts
 * its own with `startKeycloak()`.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { copyFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { inject } from 'vitest'
import { freePort } from './free-port.ts'
import { createRealmAdmin, keycloakAdmin, type RealmAdmin } from './keycloak-admin.ts'
import { checkOutKeycloak, missingPart } from './keycloak-install.ts'

const REALM_FILE = new URL('../../keycloak-realm.json', import.meta.url)
const START_TIMEOUT_MS = 150_000
const ADMIN = { user: 'admin', password: 'test-run-admin-password' }
const LEAN_JVM = {
  JAVA_OPTS_KC_HEAP: '-Xms128m -Xmx512m',
  JAVA_OPTS_APPEND: '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UseG1GC',
}
/** Runs Keycloak until it stops or stdin closes, which it does when this process ends in any way. */
const KEEPER =
  'exec 3<&0; "$0" "$@" </dev/null 3<&- & pid=$!; (cat <&3; kill $pid) >/dev/null 2>&1 & exec 3<&-; wait $pid'

/** Where a Keycloak can be reached; plain data, so that vitest can hand it to its workers. */
export interface KeycloakAddress {
  readonly url: string
  readonly adminUser: string
  readonly adminPassword: string
  /** Absent for a Keycloak that somebody else started. */
  readonly logFile?: string
}

export interface Keycloak extends KeycloakAddress {
  /** SIGTERM and wait; the data stays until `close`. */
  stop(): Promise<void>
  /** Starts again on the same port, with the same data and keys. */
  start(): Promise<void>
  /** Stops and removes everything. */
  close(): Promise<void>
}

interface KeycloakPlace {
  readonly publicHost?: string
  readonly behind?: string
}

declare module 'vitest' {
  interface ProvidedContext {
    keycloak: KeycloakAddress | { readonly missing: string }
  }
}

/** The Keycloak of this run, or undefined where java or mvn is missing: `describe.skipIf(!keycloak)`. */
export function sharedKeycloak(): KeycloakAddress | undefined {
  const provided = inject('keycloak')
  return 'missing' in provided ? undefined : provided
}

/** What is missing to run Keycloak here; undefined when it can run or KEYCLOAK_URL names one. */
export async function missingForKeycloak(): Promise<string | undefined> {
  return process.env.KEYCLOAK_URL === undefined ? missingPart() : undefined
}

/** The realm file under another name, in a Keycloak that is shared: rotate keys and lock users there as you like. */
export async function createRealm(keycloak: KeycloakAddress, name: string): Promise<RealmAdmin> {
  const admin = keycloakAdmin(keycloak)
  const unique = `${name}-${process.pid}-${Date.now().toString(36)}`
  await admin.request('POST', '', { ...readRealmFile(), ...renamed(unique) })
  return createRealmAdmin(keycloak.url, admin, unique)
}

/** Operations on a realm that exists, such as `shop`. */
export function realmAdmin(keycloak: KeycloakAddress, name: string): RealmAdmin {
  return createRealmAdmin(keycloak.url, keycloakAdmin(keycloak), name)
}

/**
 * Starts a Keycloak of one's own with the realm file imported, or takes the one at KEYCLOAK_URL (with KEYCLOAK_ADMIN and
 * KEYCLOAK_ADMIN_PASSWORD), which cannot be stopped. With another `publicHost` the issuer has that name, while `url` is an
 * internal address, as in a cluster: `iss` is the public one wherever a token was asked for. With `behind` it stands behind a
 * proxy with this base URL, whose `Forwarded` it believes.
 */
export async function startKeycloak(place: KeycloakPlace = {}): Promise<Keycloak> {
  const url = process.env.KEYCLOAK_URL
  if (url !== undefined) return foreignKeycloak(url.replace(/\/$/, ''))
  const home = await checkOutKeycloak(warmUp)
  await copyFile(REALM_FILE, join(home, 'data/import/shop-realm.json')) // the name must be that of the realm
  const port = await freePort()
  const logFile = join(home, 'keycloak.log')
  const remove = () => rm(dirname(home), { recursive: true, force: true })
  let keeper = await launch(home, port, logFile, place).catch(async (error) => {
    await remove()
    throw error
  })
  return {
    url: `http://127.0.0.1:${port}`,
    adminUser: ADMIN.user,
    adminPassword: ADMIN.password,
    logFile,
    stop: () => stop(keeper),
    async start() {
      keeper = await launch(home, port, logFile, place)
    },
    async close() {
      await stop(keeper)
      await remove()
    },
  }
}

function foreignKeycloak(url: string): Keycloak {
  const cannot = () => Promise.reject(new Error('The Keycloak at KEYCLOAK_URL is not ours to stop'))
  return {
    url,
    adminUser: process.env.KEYCLOAK_ADMIN ?? 'admin',
    adminPassword: process.env.KEYCLOAK_ADMIN_PASSWORD ?? 'admin',
    stop: cannot,
    start: cannot,
    close: () => Promise.resolve(),
  }
}

/** The first start compiles the server for its options (half a minute); later ones find that done. */
async function warmUp(home: string): Promise<void> {
  const keeper = await launch(home, await freePort(), join(home, 'warm-up.log'))
  await stop(keeper)
  await rm(join(home, 'warm-up.log'), { force: true })
}

async function launch(
  home: string,
  port: number,
  logFile: string,
  { publicHost = '127.0.0.1', behind }: KeycloakPlace = {},
): Promise<ChildProcess> {
  const url = `http://127.0.0.1:${port}`
  const log = openSync(logFile, 'a')
  const hostname =
    behind === undefined
      ? [`--hostname=http://${publicHost}:${port}`, '--hostname-backchannel-dynamic=true']
      : [`--hostname=${behind}`, '--proxy-headers=forwarded']
  const address = ['--http-host=127.0.0.1', `--http-port=${port}`, ...hostname]
  const keeper = spawn('sh', ['-c', KEEPER, join(home, 'bin/kc.sh'), 'start-dev', '--import-realm', ...address], {
    stdio: ['pipe', log, log],
    env: {
      ...process.env,
      ...LEAN_JVM,
      KC_BOOTSTRAP_ADMIN_USERNAME: ADMIN.user,
      KC_BOOTSTRAP_ADMIN_PASSWORD: ADMIN.password,
    },
  })
  closeSync(log)
  const deadline = Date.now() + START_TIMEOUT_MS
  while (!(await answers(`${url}/realms/master/.well-known/openid-configuration`))) {
    if (hasEnded(keeper) || Date.now() > deadline) {
      await stop(keeper)
      throw new Error(`Keycloak did not start:\n${readFileSync(logFile, 'utf8').slice(-3000)}`)
    }
    await delay(100)
  }
  return keeper
}

async function stop(keeper: ChildProcess): Promise<void> {
  if (hasEnded(keeper)) return
  const exited = new Promise((resolve) => keeper.once('exit', resolve))
  keeper.stdin?.end()
  await exited
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    (response) => response.ok,
    () => false,
  )
}

function readRealmFile(): Record<string, unknown> & { users: { id: string; realmRoles?: string[] }[] } {
  return JSON.parse(readFileSync(REALM_FILE, 'utf8'))
}

/** Users are unique by id over all realms, and the default role carries the realm's name. */
function renamed(realm: string) {
  const users = readRealmFile().users.map(({ id: _, ...user }) => ({
    ...user,
    realmRoles: user.realmRoles?.map((role) => (role === 'default-roles-shop' ? `default-roles-${realm}` : role)),
  }))
  return { realm, users }
}
