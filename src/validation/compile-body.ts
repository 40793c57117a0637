/** A body policy → the check of it, or what is wrong with its schemas. Loaded only by a file that has one. */
import type { ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import type { BodyOperation, BodyPolicy } from '../config/body-policy.ts'
import { type BodyCheck, type CheckValue, type ContentCheck, keepBodyCheck } from './body-check.ts'
import { describeMismatch } from './describe-mismatch.ts'
import { findCycle } from './find-cycle.ts'
import { createOperationFinder } from './find-operation.ts'
import { findSchemaFaults, type SchemaFault, toSchemaFault } from './schema-faults.ts'
import { indexOfRepeated } from './unique-items.ts'

/** A larger value is checked up to its first mistake: a list of all could be larger than the body. */
const MAX_COLLECTED_VALUES = 1000
const MAX_URL_LENGTH = 2048
const URL_START = /^(?:https?|ftp):\/\/\S+$/i
const ROOT = 'urn:scopegate:body'

/** What is wrong, and the operation whose schema it is. */
export interface BodyFault extends SchemaFault {
  readonly operation: BodyOperation
}

/** Routes share a document, and then its schemas. */
const compilers = new WeakMap<object, Compile>()

type Compile = (pointer: string) => CheckValue | readonly SchemaFault[]

/** Keeps the check for `bodyChecksOf`, when there is nothing wrong. */
export function compileBody(policy: BodyPolicy): BodyFault[] {
  const compile = compilerOf(policy)
  const faults: BodyFault[] = []
  const checks = policy.operations.map((operation): readonly [BodyOperation, ContentCheck] => {
    const content = new Map<string, CheckValue>()
    for (const [type, pointer] of operation.content) {
      const compiled = compile(pointer)
      if (typeof compiled === 'function') content.set(type, compiled)
      else faults.push(...compiled.map((fault) => ({ ...fault, operation })))
    }
    return [operation, { requiredFor: operation.requiredFor, content }]
  })
  if (faults.length === 0) keepBodyCheck(policy, toBodyCheck(policy, checks))
  return faults
}

function compilerOf(policy: BodyPolicy): Compile {
  const { root } = policy
  if (typeof root !== 'object' || root === null) return createCompiler(policy)
  const compiler = compilers.get(root) ?? createCompiler(policy)
  compilers.set(root, compiler)
  return compiler
}

/** Each schema once, for several media types may have the same. */
function createCompiler(policy: BodyPolicy): Compile {
  const quick = createAjv(policy, false)
  const thorough = createAjv(policy, true)
  const known = new Map<string, CheckValue | readonly SchemaFault[]>()

  function compile(pointer: string): ReturnType<Compile> {
    const faults = findSchemaFaults(policy, pointer)
    if (faults.length > 0) return faults
    try {
      const reference = { $ref: `${ROOT}#${encodeURI(pointer)}` }
      const cycle = findCycle(policy.root, pointer)
      return cycle === undefined ? toCheck(quick.compile(reference), thorough.compile(reference)) : [cycle]
    } catch (error) {
      return [toSchemaFault(error, policy, pointer)]
    }
  }

  return (pointer) => {
    const compiled = known.get(pointer) ?? compile(pointer)
    // The same fault need not be told of each media type.
    known.set(pointer, typeof compiled === 'function' ? compiled : [])
    return compiled
  }
}

function toBodyCheck(
  { isOpenApi }: BodyPolicy,
  checks: readonly (readonly [BodyOperation, ContentCheck])[],
): BodyCheck {
  if (isOpenApi) {
    const find = createOperationFinder(checks)
    return { find: (method, path) => find(method, path()) }
  }
  const only = checks[0]?.[1]
  return { find: () => only }
}

function createAjv({ root, isOpenApi }: BodyPolicy, allErrors: boolean): Ajv2020 {
  const ajv = new Ajv2020({
    allErrors,
    // A misspelt word would check nothing. A service's document has words that only OpenAPI knows.
    strictSchema: !isOpenApi,
    strictTypes: false,
    strictTuples: false,
    validateSchema: false,
    // What a prototype has is no member: "toString" would always be there.
    ownProperties: true,
    // 19.99 is a multiple of 0.01.
    multipleOfPrecision: 9,
    // Members that were looked at are kept in an object: "constructor" and "__proto__" would always be there.
    code: { process: (code) => code.replace(/\b(props\d+) = (\1 \|\| )?\{\}/g, '$1 = $2{__proto__:null}') },
    logger: false,
  })
  formats.default(ajv)
  // The library's own takes a time that grows with the square of the length.
  ajv.addFormat('url', isUrl)
  ajv.removeKeyword('uniqueItems')
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    error: { message: 'must not have an item twice' },
    validate: (isWanted: boolean, items: readonly unknown[]) => !isWanted || indexOfRepeated(items) === -1,
  })
  ajv.addSchema(root as object, ROOT)
  return ajv
}

function isUrl(text: string): boolean {
  return text.length <= MAX_URL_LENGTH && URL_START.test(text) && URL.canParse(text)
}

function toCheck(quick: ValidateFunction, thorough: ValidateFunction): CheckValue {
  return (value) => {
    try {
      // Anything but true is none: a validator that answers later has not said yes.
      if (quick(value) === true) return undefined
      const { errors } = isSmall(value, MAX_COLLECTED_VALUES) ? collect(thorough, value) : quick
      return describeMismatch(errors ?? [])
    } catch (error) {
      // A comparison calls "valueOf" and "toString", which a client may have sent as something else.
      if (error instanceof TypeError) return [{ pointer: '#', detail: 'does not match' }]
      throw error
    }
  }
}

function collect(validate: ValidateFunction, value: unknown): ValidateFunction {
  validate(value)
  return validate
}

/** Whether a value holds at most `left` values, itself among them. */
function isSmall(value: unknown, left: number): boolean {
  return countUpTo(value, left) <= left
}

function countUpTo(value: unknown, most: number): number {
  if (typeof value !== 'object' || value === null) return 1
  let count = 1
  for (const inner of Object.values(value)) {
    count += countUpTo(inner, most - count)
    if (count > most) break
  }
  return count
}
