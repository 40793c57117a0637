/** What is good of a file with mistakes, so that all of them can be reported at once. */
import { z } from 'zod'
import type { Path } from './problem.ts'
import type { WrittenNames } from './resolve-names.ts'
import { fileSchema, type GatewayFile } from './schema.ts'
import { type SchemaProblem, valueAt } from './schema-problems.ts'
import { type RouteFile, routeSchema } from './schema-routes.ts'

const partialSchema = fileSchema.extend({ version: z.unknown(), routes: z.array(routeSchema) })

export interface Salvaged {
  readonly file: GatewayFile
  /** Where the routes of `file` stand. */
  readonly routeIndexes: readonly number[]
  /** Where its tests stand. */
  readonly testIndexes: readonly number[]
  /** Of each route that was left out, by where it stands: the good ones of the fields that name something. */
  readonly brokenRoutes: ReadonlyMap<number, RouteReferences>
}
export type RouteReferences = { [K in (typeof REFERENCES)[number]]?: RouteFile[K] }

const REFERENCES = ['path', 'to', 'issuer', 'rateLimits', 'cors'] as const

/** The sections and entries that are good, so that one mistake does not hide what is wrong elsewhere. */
export function readRest(data: unknown, found: readonly SchemaProblem[]): Salvaged | undefined {
  if (typeof data !== 'object' || data === null || found.some(({ path }) => path.length === 0)) return undefined
  const bad = new Set(found.map(({ path }) => JSON.stringify(unitOf(path))))
  const isGood = (unit: Path) => !bad.has(JSON.stringify(unit))
  const sections = Object.entries(data).filter(([key]) => isGood([key]))
  const kept = sections.map(([key, value]) => [key, keepGood(value, (entry) => isGood([key, entry]))])
  const result = partialSchema.safeParse({ upstreams: {}, routes: [], ...Object.fromEntries(kept) })
  if (!result.success) return undefined
  const entriesOf = (section: string): [number, unknown][] => {
    const listed: unknown = valueAt(data, [section])
    return Array.isArray(listed) && isGood([section]) ? [...listed.entries()] : []
  }
  const goodIndexes = (section: string) =>
    entriesOf(section)
      .map(([index]) => index)
      .filter((index) => isGood([section, index]))
  const routes = entriesOf('routes')
  const broken = routes.filter(([index]) => !isGood(['routes', index]))
  return {
    file: { ...result.data, version: 1 },
    routeIndexes: goodIndexes('routes'),
    testIndexes: goodIndexes('tests'),
    brokenRoutes: new Map(broken.map(([index, route]) => [index, readReferences(route)])),
  }
}

function keepGood(value: unknown, isGood: (entry: string | number) => boolean): unknown {
  if (Array.isArray(value)) return value.filter((_, index) => isGood(index))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).filter(([name]) => isGood(name)))
}

function readReferences(route: unknown): RouteReferences {
  const fields = REFERENCES.flatMap((key) => {
    const result = routeSchema.shape[key].safeParse(valueAt(route, [key]))
    return result.success && result.data !== undefined ? [[key, result.data]] : []
  })
  return Object.fromEntries(fields)
}

const NAMED = new Set(['issuers', 'upstreams', 'rateLimits', 'cors'])

/** What is left out because of a problem at `path`: an entry of a list of routes or names, or a whole section. */
function unitOf(at: Path): Path {
  const [section, entry] = at
  const hasEntries = section === 'routes' || section === 'tests' || NAMED.has(String(section))
  return hasEntries && entry !== undefined ? [section as string, entry] : at.slice(0, 1)
}

/** Names that stand in the file, good or not; undefined for a section that cannot be read, or has a misspelt key. */
export function writtenNames(data: unknown, found: readonly SchemaProblem[]): WrittenNames {
  const names = (section: string) => {
    const value = valueAt(data, [section])
    const isMisspelt = ({ path, suggestion }: SchemaProblem) =>
      path.length === 1 && (path[0] === section || suggestion === section)
    if (found.some(isMisspelt)) return undefined
    return typeof value === 'object' && value !== null ? Object.keys(value) : []
  }
  return {
    issuers: names('issuers'),
    upstreams: names('upstreams'),
    rateLimits: names('rateLimits'),
    cors: names('cors'),
  }
}
