/** The OpenAPI documents of services: files and URLs → what `scopegate openapi` works with. */
import path from 'node:path'
import type { UpstreamConfig } from '../config/gateway-config.ts'
import { type ApiDocument, MAX_DOCUMENT_BYTES, readDocument } from '../config/openapi/read-document.ts'
import type { Problem } from '../config/problem.ts'
import { readTextFile } from '../config/read-file.ts'
import { fileProblem } from '../config/source-file.ts'
import type { CommandIo } from './command-io.ts'

const FETCH_TIMEOUT_MS = 10_000

export interface LoadedDocuments {
  /** By upstream; those that could be read. */
  readonly documents: ReadonlyMap<string, ApiDocument>
  readonly problems: readonly Problem[]
}

/** Those that the route-scope file names; its files are relative to its folder. */
export async function loadDocuments(
  io: CommandIo,
  configFile: string,
  upstreams: Iterable<UpstreamConfig>,
): Promise<LoadedDocuments> {
  const folder = path.dirname(configFile)
  const named = [...upstreams].flatMap(({ name, openapi }) => {
    if (openapi === undefined) return []
    return [{ name, address: isUrl(openapi) ? openapi : path.join(path.isAbsolute(openapi) ? '' : folder, openapi) }]
  })
  const results = await Promise.all(
    named.map(async ({ name, address }) => ({ name, ...(await loadDocument(io, address)) })),
  )
  return {
    documents: new Map(results.flatMap(({ name, document }) => (document ? [[name, document] as const] : []))),
    problems: results.flatMap(({ problems = [] }) => problems),
  }
}

/** A file relative to where the command runs, or a URL. */
export async function loadDocument({ cwd }: CommandIo, address: string): Promise<ReturnType<typeof readDocument>> {
  try {
    const text = isUrl(address)
      ? await fetchText(address)
      : readTextFile(path.resolve(cwd, address), MAX_DOCUMENT_BYTES)
    return readDocument(text, address)
  } catch (error) {
    return {
      problems: [fileProblem(address, `the document ${error instanceof Error ? error.message : 'cannot be read'}`)],
    }
  }
}

/** Else it is a file, whatever its name. */
export function isUrl(address: string): boolean {
  return /^https?:\/\//i.test(address)
}

/** Follows no redirect; throws an `Error` whose message goes on after "the document". */
async function fetchText(url: string): Promise<string> {
  const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS)
  try {
    const response = await fetch(url, {
      redirect: 'error',
      signal,
      headers: { Accept: 'application/json, application/yaml' },
    })
    if (response.status !== 200) throw new Unfetched(`cannot be fetched: status ${response.status}`)
    const chunks: Uint8Array[] = []
    let bytes = 0
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length
      if (bytes > MAX_DOCUMENT_BYTES) throw new Unfetched(`has more than ${MAX_DOCUMENT_BYTES} bytes`)
      chunks.push(chunk)
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch (error) {
    if (error instanceof Unfetched) throw error
    throw new Error(signal.aborted ? 'cannot be fetched within 10 s' : 'cannot be fetched')
  }
}

class Unfetched extends Error {}
