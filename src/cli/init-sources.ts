/** What `scopegate init` reads: a realm, exported or live, and the OpenAPI document of a service. */
import path from 'node:path'
import { readRealm } from '../authoring/keycloak/realm.ts'
import { type RealmFacts, readFacts } from '../authoring/starter/from-realm.ts'
import { isObject, type Json, listOf, objectOf, textOf } from '../config/openapi/json.ts'
import type { ApiDocument } from '../config/openapi/read-document.ts'
import { readTextFile } from '../config/read-file.ts'
import type { CommandIo } from './command-io.ts'
import { credentialsFrom, fetchRealm } from './keycloak-admin.ts'
import { isUrl, loadDocument } from './openapi-documents.ts'

const MAX_REALM_BYTES = 32 * 1024 * 1024
const TIMEOUT_MS = 10_000

export interface RealmSource extends RealmFacts {
  /** A guess where only a file was read. */
  readonly issuer: string
}

/** A realm file, or a live realm as `https://…/realms/NAME`. Throws an Error with a text for people. */
export async function readRealmSource(io: CommandIo, source: string): Promise<RealmSource> {
  if (isUrl(source)) return readLiveRealm(io, source)
  const realm = readRealm(readJson(path.resolve(io.cwd, source), source))
  const base = (io.env.KEYCLOAK_URL ?? 'http://127.0.0.1:8080').replace(/\/$/, '')
  return { issuer: `${base}/realms/${realm.realm}`, ...readFacts(realm) }
}

async function readLiveRealm({ env }: CommandIo, source: string): Promise<RealmSource> {
  const [, url = '', realm = ''] = /^(.*)\/realms\/([^/?#]+)\/?$/.exec(source) ?? []
  if (realm === '') throw new Error(`${source} is no address of a realm: it ends in /realms/NAME`)
  const facts = readFacts(await fetchRealm({ url, realm }, credentialsFrom(env)))
  return { issuer: (await discoverIssuer(`${url}/realms/${realm}`)) ?? `${url}/realms/${realm}`, ...facts }
}

/** As the realm calls itself in tokens, whatever address it was reached by. */
async function discoverIssuer(address: string): Promise<string | undefined> {
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const response = await fetch(`${address}/.well-known/openid-configuration`, { redirect: 'error', signal })
  return textOf(objectOf((await response.json()) as Json).issuer)
}

function readJson(file: string, shown: string): unknown {
  let text: string
  try {
    text = readTextFile(file, MAX_REALM_BYTES)
  } catch (error) {
    throw new Error(`the realm file ${shown} ${(error as Error).message}`)
  }
  try {
    return JSON.parse(text)
  } catch {
    throw new Error(`the realm file ${shown} is not JSON`)
  }
}

export interface DocumentSource {
  readonly document: ApiDocument
  /** By its title. */
  readonly name: string
  /** Origin of its first server that has one. */
  readonly url: string | undefined
  /** Of its scheme `openIdConnect`. */
  readonly issuer: string | undefined
}

/** Throws an Error with a text for people. */
export async function readDocumentSource(io: CommandIo, file: string): Promise<DocumentSource> {
  const { document, problems = [] } = await loadDocument(io, file)
  if (document === undefined) {
    const [{ line, message } = { line: 0, message: 'cannot be read' }] = problems
    throw new Error(line > 0 ? `${file}:${line}: ${message}` : `${file}: ${message}`)
  }
  const { data } = document
  const title = textOf(objectOf(data.info).title) ?? ''
  const [name = 'service'] = /[a-z][a-z0-9-]*/.exec(title.toLowerCase().replaceAll(/\W+/g, '-')) ?? []
  const urls = listOf(data.servers).map((server) => URL.parse(textOf(objectOf(server).url) ?? ''))
  const server = urls.find((url) => url !== null && /^https?:$/.test(url.protocol))
  const schemes = Object.values(objectOf(objectOf(data.components).securitySchemes)).filter(isObject)
  const discovery = schemes.map(({ openIdConnectUrl }) => textOf(openIdConnectUrl)).find((url) => url !== undefined)
  const [, issuer] = /^(https?:\/\/.*)\/\.well-known\/openid-configuration$/.exec(discovery ?? '') ?? []
  return { document, name: name.replace(/-$/, ''), url: server?.origin, issuer }
}
