/** Kinds of values that several sections of the file share. */
import { z } from 'zod'
import { readClaimPath } from './claim-path.ts'

/** Name of an issuer, upstream, rate limit or CORS policy. */
export function name() {
  return z
    .string()
    .regex(/^[A-Za-z][\w.-]{0,63}$/, 'expected a name: a letter, then letters, digits, ".", "_" or "-"')
    .meta({ title: 'name' })
}

/** One value, or a list of at least one; read as a list. */
export function oneOrMore<T extends z.ZodType>(item: T) {
  return z
    .union([item, z.array(item).min(1)])
    .transform((value) => (Array.isArray(value) ? value : [value]) as z.output<T>[])
}

/** Where a claim stands: dots nest, a leading slash makes it a JSON Pointer (RFC 6901). */
export function claimPath() {
  return z
    .string()
    .min(1)
    .refine((text) => readClaimPath(text) !== undefined, 'expected a claim: dots nest (a.b), or a JSON Pointer (/a~1b)')
    .meta({ title: 'claim' })
}

/** Name of an HTTP field that this gateway sets; letters, digits, "-" and "_". */
export function fieldName() {
  return z
    .string()
    .regex(/^[A-Za-z][\w-]*$/, 'expected a field name: a letter, then letters, digits, "-" or "_"')
    .meta({ title: 'field name' })
}

export function hostName() {
  return z.string().regex(/^[\w.:-]+$/, 'expected a host name or an address')
}

function isPlainUrl(text: string): boolean {
  const url = URL.parse(text)
  return isHttp(url) && url?.username === '' && url.password === '' && !/[?#\s]/.test(text)
}

const isHttp = (url: URL | null) => url?.protocol === 'http:' || url?.protocol === 'https:'

/** An http(s) URL without credentials, query and fragment. Kept as written: issuers are compared byte for byte. */
export function httpUrl() {
  return z
    .string()
    .refine(isPlainUrl, 'expected an http or https URL without credentials, query and fragment')
    .meta({ title: 'URL' })
}

/** A file, or an http(s) URL without credentials: where a document stands that commands read. */
export function documentAddress() {
  return z
    .string()
    .min(1)
    .refine(
      (text) => !/^[a-z][a-z0-9+.-]+:/i.test(text) || isPlainUrl(text),
      'expected a file, or an http or https URL without credentials, query and fragment',
    )
    .meta({ title: 'file or URL' })
}

/** Scheme, host and port alone; read in its ASCII serialisation (RFC 6454 section 6.2). */
export function httpOrigin() {
  return z
    .string()
    .refine(
      (text) => {
        const url = URL.parse(text)
        return (
          isHttp(url) && url?.username === '' && url.password === '' && url.pathname === '/' && !/[?#\s\\]/.test(text)
        )
      },
      { error: describeOrigin },
    )
    .meta({ title: 'origin' })
    .transform((text) => new URL(text).origin)
}

function describeOrigin({ input }: { readonly input?: unknown }): string {
  const hasPath = (URL.parse(String(input))?.pathname.length ?? 0) > 1
  const expected = 'expected scheme, host and port alone, such as http://orders:8080'
  return hasPath && isHttp(URL.parse(String(input))) ? `${expected}; a path is set by rewrite of a route` : expected
}

/** Text that must not be shown: given as it is (best as `${ENV_NAME}`), or read from a file by the loader. */
export function secret(description: string) {
  return z
    .union([z.string().min(1).meta({ title: 'secret' }), z.strictObject({ file: z.string().min(1) })])
    .describe(description)
    .meta({ writeOnly: true })
}
