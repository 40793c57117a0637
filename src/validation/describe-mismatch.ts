/** What a client is told of a body that does not match: where, and what the schema asks for there. */
import type { ErrorObject } from 'ajv'
import { pointerPart } from '../config/openapi/json.ts'
import type { BodyFinding } from '../errors.ts'

const MAX_FINDINGS = 20
const MAX_TEXT = 200
const MAX_VALUES = 10

type Describe = (params: Record<string, unknown>) => string

/** Where the library's own words leave something out. None shows a value of the client. */
const DETAILS: Readonly<Record<string, Describe>> = {
  additionalProperties: () => 'is not allowed here',
  unevaluatedProperties: () => 'is not allowed here',
  propertyNames: () => 'has a name that is not allowed',
  required: ({ missingProperty }) => `must have the member ${JSON.stringify(missingProperty)}`,
  const: ({ allowedValue }) => `must be ${JSON.stringify(allowedValue)}`,
  enum: ({ allowedValues }) => `must be one of ${listOf(allowedValues as readonly unknown[])}`,
  'false schema': () => 'is not allowed here',
}

/** Members that a client named, below the place that the library names. */
const NAMED: Readonly<Record<string, string>> = {
  additionalProperties: 'additionalProperty',
  unevaluatedProperties: 'unevaluatedProperty',
  propertyNames: 'propertyName',
}

/** Each once, and of very many the first. */
export function describeMismatch(errors: readonly ErrorObject[]): BodyFinding[] {
  const findings = new Map<string, BodyFinding>()
  for (const error of errors) {
    const finding = { pointer: pointerOf(error), detail: shorten(detailOf(error)) }
    findings.set(`${finding.pointer} ${finding.detail}`, finding)
    if (findings.size === MAX_FINDINGS) break
  }
  return [...findings.values()]
}

function detailOf({ keyword, params, message = 'does not match' }: ErrorObject): string {
  return DETAILS[keyword]?.(params) ?? message
}

function listOf(values: readonly unknown[]): string {
  const shown = values.slice(0, MAX_VALUES).map((value) => JSON.stringify(value))
  return shown.join(', ') + (values.length > MAX_VALUES ? ' …' : '')
}

/** As a fragment (RFC 6901 section 6). A client's names are in it: they are cut, and hold nothing that is not URI. */
function pointerOf({ keyword, params, instancePath }: ErrorObject): string {
  const name: unknown = params[NAMED[keyword] ?? '']
  const whole = typeof name === 'string' ? `${instancePath}/${pointerPart(name)}` : instancePath
  return `#${encodeURI(shorten(whole).toWellFormed()).replaceAll('#', '%23')}`
}

function shorten(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text
}
