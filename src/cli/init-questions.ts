/** Options, a realm, a document, answers and presets, in this order → what a new route-scope file says. */
import type { z } from 'zod'
import { inFlow } from '../authoring/in-flow.ts'
import { draftRoutes } from '../authoring/openapi/draft-routes.ts'
import { routesOfScopes } from '../authoring/starter/from-realm.ts'
import { formatRoutes, proposeRoutes, type Starter, type StarterUpstream } from '../authoring/starter/starter.ts'
import { httpOrigin, httpUrl, name } from '../config/fields.ts'
import { UsageError } from './command-io.ts'
import type { DocumentSource, RealmSource } from './init-sources.ts'
import type { Questions } from './questions.ts'

export interface Known {
  readonly issuer?: string | undefined
  readonly audience?: string | undefined
  /** `NAME=URL`. */
  readonly upstream?: readonly string[] | undefined
  readonly origin?: readonly string[] | undefined
  readonly realm: RealmSource | undefined
  readonly api: DocumentSource | undefined
  /** The document's address, as the file is to name it. */
  readonly openapi: string | undefined
}

/** Throws a UsageError for options that will not do, and what `questions` rejects with. */
export async function askForStarter(questions: Questions, known: Known): Promise<Omit<Starter, 'schema'>> {
  const { realm, api } = known
  const issuer = await askFor(questions, known.issuer, {
    text: 'Issuer, as tokens have it in `iss`',
    preset: realm?.issuer ?? api?.issuer ?? 'https://id.example.com/realms/main',
    read: readerOf(httpUrl()),
  })
  const audience = await askFor(questions, known.audience, {
    text: 'Audience: the name of this API, as tokens have it in `aud`',
    preset: realm?.audience ?? 'my-api',
    read: readAudience,
  })
  const upstreams = await askForUpstreams(questions, known)
  const origins = await askForOrigins(questions, known)
  return { issuer, audience, upstreams, origins, ...draft(upstreams, known) }
}

interface Field {
  readonly text: string
  readonly preset: string
  readonly read: (answer: string) => string
}

/** An option that will not do is wrong usage: nobody may be there to be asked again. */
async function askFor(questions: Questions, given: string | undefined, field: Field): Promise<string> {
  return given === undefined ? questions.ask(field) : readOption(given, field.read)
}

function readOption(text: string, read: (text: string) => string): string {
  try {
    return read(text)
  } catch (error) {
    throw new UsageError(`${text}: ${(error as Error).message}`)
  }
}

function readerOf(schema: z.ZodType<string>): (text: string) => string {
  return (text) => {
    const { success, data, error } = schema.safeParse(text)
    if (success) return data
    throw new Error(error.issues[0]?.message)
  }
}

function readAudience(text: string): string {
  if (text === '') throw new Error('expected a name')
  return text
}

const readName = readerOf(name())
const readOrigin = readerOf(httpOrigin())

async function askForUpstreams(questions: Questions, { upstream, api, openapi }: Known): Promise<StarterUpstream[]> {
  const given = upstream?.map(readUpstream) ?? []
  const [first, ...more] = given.length > 0 ? given : await askForNames(questions, api)
  const named = [...(first ? [{ ...first, openapi }] : []), ...more]
  const twice = named.find(({ name: own }, index) => named.findIndex((one) => one.name === own) !== index)
  if (twice) throw new UsageError(`there are two upstreams called ${twice.name}`)
  return named
}

function readUpstream(text: string): StarterUpstream {
  const [, own = '', url = ''] = /^([^=]*)=(.*)$/.exec(text) ?? []
  if (url === '') throw new UsageError(`${text}: expected an upstream as NAME=URL`)
  return { name: readOption(own, readName), url: readOption(url, readOrigin) }
}

async function askForNames(questions: Questions, api: DocumentSource | undefined): Promise<StarterUpstream[]> {
  const upstreams: StarterUpstream[] = []
  const taken = (text: string) => {
    const own = readName(text)
    if (upstreams.some((one) => one.name === own)) throw new Error('this name is taken')
    return own
  }
  for (;;) {
    const isFirst = upstreams.length === 0
    const own = isFirst
      ? await questions.ask({
          text: 'Name of a service behind the gateway',
          preset: api?.name ?? 'service',
          read: taken,
        })
      : await questions.ask({ text: 'Name of another one (empty: no more)', preset: '', read: (it) => it && taken(it) })
    if (own === '') return upstreams
    const preset = (isFirst ? api?.url : undefined) ?? `http://127.0.0.1:${8081 + upstreams.length}`
    upstreams.push({
      name: own,
      url: await questions.ask({ text: `Where ${own} is reached`, preset, read: readOrigin }),
    })
  }
}

async function askForOrigins(questions: Questions, { origin, realm }: Known): Promise<readonly string[]> {
  if (origin !== undefined) return origin.map((text) => readOption(text, readOrigin))
  if (realm !== undefined) return realm.origins
  const text = 'Origin of a page that calls from a browser, such as https://shop.example.com (empty: none)'
  const answer = await questions.ask({ text, preset: '', read: (it) => it && readOrigin(it) })
  return answer === '' ? [] : [answer]
}

/** Routes of the document, then those of the realm's scopes, then a proposal for each upstream that has none. */
function draft(upstreams: readonly StarterUpstream[], { realm, api }: Known): Pick<Starter, 'routes' | 'notes'> {
  const [first] = upstreams
  const drafted = api && first && draftRoutes(api.document, first.name)
  const ofRealm = realm && !drafted ? routesOfScopes(realm.scopes, upstreams) : undefined
  const routes = ofRealm?.routes ?? []
  const isServed = (one: StarterUpstream) => (drafted && one === first) || routes.some((it) => it.upstream === one.name)
  const missing = proposeRoutes(
    upstreams.filter((one) => !isServed(one)),
    realm ? notesOnProposal(realm) : [],
  )
  const notes = [
    ...(drafted?.leftOut ?? []).map((line) => `Left out: ${line}`),
    ...listNote('Scopes of the realm without a line', ofRealm?.unclear ?? []),
    ...listNote('Roles of the realm, which a line may ask for with `roles`', realm?.roles ?? []),
  ]
  const list = [drafted?.routes ? drafted.text.replace(/^routes:\n/, '') : '', formatRoutes([...routes, ...missing])]
  return { routes: list.filter((text) => text !== '').join('\n'), notes }
}

function notesOnProposal({ roles }: RealmSource): string[] {
  const list = roles.map(inFlow).join(', ')
  const line = roles.length === 1 ? list : `{ any: [${list}] }`
  return [
    'The realm has no scopes for this: `scopegate keycloak plan` says how to make them.',
    ...(roles.length > 0 ? [`Or by role: - { methods: [GET], roles: ${line} }`] : []),
  ]
}

function listNote(text: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [`${text}: ${items.join(', ')}`]
}
