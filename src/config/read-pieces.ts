/**
 * Reads a file piece by piece: what many of its routes say alike (lines of `allow`, upstreams, settings) goes through the
 * schema once. For files without mistakes alone; what is wrong in another one, the whole schema says.
 */
import { z } from 'zod'
import { fileSchema, type GatewayFile } from './schema.ts'
import { type RouteFile, routeSchema } from './schema-routes.ts'

/** What the schema made of pieces, by what they say. May be kept from one file to the next. */
export type KnownPieces = Readonly<Record<'to' | 'line' | 'rest', Map<string, unknown>>>

export function createKnownPieces(): KnownPieces {
  return { to: new Map(), line: new Map(), rest: new Map() }
}

/** zod compiles a schema with `new Function` for data that comes often: a file comes once, and that is dearer. */
export const ONCE = { jitless: true }

const headSchema = fileSchema.omit({ routes: true })
const { path: pathSchema, to: toSchema, allow: linesSchema } = routeSchema.shape
const pathsSchema = z.array(pathSchema)
const lineSchema = linesSchema.unwrap().element
const restSchema = routeSchema.omit({ path: true, to: true, allow: true })

class Refused extends Error {}

/** The same as `fileSchema` makes of `data`; undefined: it may refuse it. */
export function readPieces(data: unknown, known: KnownPieces): GatewayFile | undefined {
  if (typeof data !== 'object' || data === null || !('routes' in data)) return undefined
  const { routes, ...head } = data
  if (!Array.isArray(routes) || routes.length === 0) return undefined
  try {
    const pieces = routes.map(takeApart)
    // One by one they would cost several times as much.
    const paths = read(
      pathsSchema,
      pieces.map(({ path }) => path),
    )
    const all = pieces.map((piece, index) => readRoute(piece, paths[index] as string, known))
    return { ...read(headSchema, head), routes: all }
  } catch (error) {
    if (error instanceof Refused) return undefined
    throw error
  }
}

type RoutePieces = Readonly<Record<'path' | 'to' | 'allow', unknown>> & { readonly rest: object }

function takeApart(route: unknown): RoutePieces {
  if (typeof route !== 'object' || route === null || Array.isArray(route)) throw new Refused()
  const { path, to, allow, ...rest } = route as Readonly<Record<string, unknown>>
  return { path, to, allow, rest }
}

function readRoute({ to, allow, rest }: RoutePieces, path: string, known: KnownPieces): RouteFile {
  return {
    path,
    to: readOnce(toSchema, to, known.to),
    ...(allow === undefined ? {} : { allow: readLines(allow, known) }),
    ...readOnce(restSchema, rest, known.rest),
  }
}

function readLines(lines: unknown, known: KnownPieces): z.output<typeof lineSchema>[] {
  if (!Array.isArray(lines) || lines.length === 0) throw new Refused()
  return lines.map((line) => readOnce(lineSchema, line, known.line))
}

/** Two pieces that say the same become one object, which nobody may change. */
function readOnce<T extends z.ZodType>(schema: T, value: unknown, known: Map<string, unknown>): z.output<T> {
  const key = JSON.stringify(value)
  const before = known.get(key)
  if (before !== undefined) return before as z.output<T>
  const made = read(schema, value)
  known.set(key, made)
  return made
}

function read<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value, ONCE)
  if (!result.success) throw new Refused()
  return result.data
}
