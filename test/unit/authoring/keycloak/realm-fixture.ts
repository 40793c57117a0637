import { findDrift } from '../../../../src/authoring/keycloak/drift.ts'
import { findWeakSettings } from '../../../../src/authoring/keycloak/hardening.ts'
import { type Needs, needsOf } from '../../../../src/authoring/keycloak/needs.ts'
import { type Realm, type RealmClient, readRealm } from '../../../../src/authoring/keycloak/realm.ts'
import { loadConfig } from '../../../../src/config/load.ts'
import { readProjectFile } from '../../../support/documents.ts'

const NOW_MS = Date.parse('2026-11-24T00:00:00Z')

/** The realm of the repository; what it holds may be changed. */
export function shopRealm(): Realm {
  return readRealm(JSON.parse(readProjectFile('keycloak-realm.json')))
}

/** Of scopegate.yaml; `change` replaces texts in it. */
export function shopNeeds(...changes: readonly (readonly [string, string])[]): Needs {
  const text = changes.reduce((all, [from, to]) => all.replaceAll(from, to), readProjectFile('scopegate.yaml'))
  const { config } = loadConfig({ file: 'scopegate.yaml', text, env: {}, readFile: noFile, now: NOW_MS })
  const [issuer] = config?.issuers.values() ?? []
  if (config === undefined || issuer === undefined) throw new Error('the changed file does not load')
  return needsOf(config, issuer)
}

export function clientOf(realm: Realm, id: string): RealmClient {
  const client = realm.clients.find(({ clientId }) => clientId === id)
  if (client === undefined) throw new Error(`no client ${id}`)
  return client
}

/** Codes with what they are about. */
export function codesOf(needs: Needs, realm: Realm): string[] {
  return [...findDrift(needs, realm), ...findWeakSettings(realm, NOW_MS)].map(({ code, name }) => `${code} ${name}`)
}

function noFile(): never {
  throw new Error('no file is read here')
}
