/** Settings of a realm that make stolen or guessed credentials worth more than they have to be. */
import { lifespanOf } from './drift.ts'
import type { Finding } from './finding.ts'
import { type Realm, type RealmClient, type SigningKey, tokenClients } from './realm.ts'

/** What is not revoked before it expires should not live longer. */
const MAX_LIFESPAN_SECONDS = 15 * 60
const MAX_KEY_AGE_DAYS = 365
const MIN_RSA_BITS = 2048
const DAY_MS = 24 * 60 * 60 * 1000
/** Iterations that OWASP's Password Storage Cheat Sheet asks for. */
const LEAST_ITERATIONS: Readonly<Record<string, number>> = { 'pbkdf2-sha256': 600_000, 'pbkdf2-sha512': 210_000 }

/** @param nowMs since the epoch, for the age of keys */
export function findWeakSettings(realm: Realm, nowMs: number): Finding[] {
  return [
    ...checkRealm(realm),
    ...tokenClients(realm).flatMap((client) => checkClient(realm, client)),
    ...(realm.signingKeys ?? []).flatMap((key) => checkKey(realm, key, nowMs)),
  ]
}

function checkRealm(realm: Realm): Finding[] {
  const { findings, note } = createNotes('realm', realm.realm)
  if (!realm.bruteForceProtected) {
    note('brute-force-off', 'warning', 'passwords may be guessed without end', 'switch on brute force detection')
  }
  if (!realm.revokeRefreshToken) {
    note(
      'refresh-not-rotated',
      'warning',
      'a stolen refresh token is good until its session ends',
      'switch on "Revoke Refresh Token"',
    )
  } else if (realm.refreshTokenMaxReuse > 0) {
    const message = `a refresh token may be used ${realm.refreshTokenMaxReuse + 1} times`
    note('refresh-not-rotated', 'warning', message, 'set "Refresh Token Max Reuse" to 0')
  }
  if (realm.sslRequired.toLowerCase() === 'none') {
    note(
      'tls-not-required',
      'error',
      'passwords and tokens may travel without TLS',
      'require SSL for external requests',
    )
  }
  const weakness = weakHash(realm.passwordPolicy)
  if (weakness !== undefined) note('password-hash-weak', 'warning', weakness, 'set the hashing algorithm to argon2')
  return findings
}

/** Keycloak's default, without a policy, is argon2. */
function weakHash(policy: string): string | undefined {
  const algorithm = /hashAlgorithm\(([^)]*)\)/.exec(policy)?.[1] ?? 'argon2'
  if (algorithm === 'argon2') return undefined
  const least = LEAST_ITERATIONS[algorithm]
  if (least === undefined) return `passwords are hashed with ${algorithm}`
  const iterations = Number(/hashIterations\((\d+)\)/.exec(policy)?.[1] ?? least)
  return iterations < least ? `passwords are hashed with ${iterations} iterations of ${algorithm}` : undefined
}

function checkClient(realm: Realm, client: RealmClient): Finding[] {
  const { findings, note } = createNotes('client', client.clientId)
  const seconds = lifespanOf(realm, client)
  if (seconds > MAX_LIFESPAN_SECONDS) {
    note('lifespan-long', 'warning', `its access tokens live for ${seconds} s`, `at most ${MAX_LIFESPAN_SECONDS} s`)
  }
  if (client.publicClient && client.standardFlowEnabled && client.attributes['pkce.code.challenge.method'] !== 'S256') {
    note(
      'pkce-off',
      'error',
      'a stolen authorization code can be redeemed (RFC 9700 section 2.1.1)',
      'require PKCE with S256',
    )
  }
  if (client.implicitFlowEnabled) {
    note('implicit-flow', 'error', 'tokens stand in URLs (RFC 9700 section 2.1.2)', 'switch the implicit flow off')
  }
  if (client.directAccessGrantsEnabled) {
    note(
      'direct-grant',
      'warning',
      'it sees passwords of users (RFC 9700 section 2.4)',
      'switch direct access grants off',
    )
  }
  if (client.standardFlowEnabled || client.implicitFlowEnabled) {
    for (const uri of client.redirectUris.filter((one) => one.includes('*'))) {
      const isOpen = !/^[a-z][\w+.-]*:\/\/[^*/]+\//i.test(uri) && !uri.startsWith('/')
      const message = `codes may be sent to any address like ${uri}`
      note(
        'redirect-wildcard',
        isOpen ? 'error' : 'warning',
        message,
        'name each redirect URI in full (RFC 9700 section 2.1)',
      )
    }
  }
  if (client.webOrigins.includes('*')) {
    note('origin-wildcard', 'warning', 'pages of every origin may ask for its tokens', 'name the origins')
  }
  return findings
}

function checkKey({ realm }: Realm, { algorithm, bits, createdAt }: SigningKey, nowMs: number): Finding[] {
  const { findings, note } = createNotes('key', `${algorithm} of ${realm}`)
  const days = createdAt === undefined ? 0 : Math.floor((nowMs - Date.parse(createdAt)) / DAY_MS)
  if (days > MAX_KEY_AGE_DAYS) {
    const mend = 'add a key with a higher priority, and remove this one when its tokens have expired'
    note('key-old', 'warning', `it is ${days} days old`, mend)
  }
  if (bits !== undefined && bits < MIN_RSA_BITS) {
    note('key-short', 'error', `it has ${bits} bits: the gateway refuses its tokens`, 'use 2048 bits or more')
  }
  return findings
}

function createNotes(kind: Finding['kind'], name: string) {
  const findings: Finding[] = []
  const note = (code: Finding['code'], severity: Finding['severity'], message: string, mend: string): void => {
    findings.push({ code, severity, kind, name, message, mend })
  }
  return { findings, note }
}
