/** What a route demands of request bodies. Pure data; `src/validation/` makes checks of it. */
import type { Json } from './openapi/json.ts'

export interface BodyPolicy {
  /** As written: the name of a schema file, or `openapi`. */
  readonly schema: string
  /** The file that holds the schemas, as the route-scope file names it. */
  readonly file: string
  /** What the schemas stand in, and what their references lead into. */
  readonly root: Json
  /** From an OpenAPI document: words that JSON Schema does not know are left alone. */
  readonly isOpenApi: boolean
  /** Operations of the upstream, the more specific path first. */
  readonly operations: readonly BodyOperation[]
}

/** Which bodies a kind of request may have. */
export interface BodyOperation {
  /** Method and segments of the path at the upstream; absent: whatever the route lets through. */
  readonly at?: { readonly method: string; readonly segments: readonly string[] }
  /** Methods that do not go without a body. */
  readonly requiredFor: readonly string[]
  /** Media type in lower case → JSON Pointer of its schema in `root`; empty: no body is accepted. */
  readonly content: ReadonlyMap<string, string>
  /** Line in `file`, for what is wrong with the schema as a whole. */
  readonly line: number
}
