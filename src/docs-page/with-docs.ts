import type { LoadResult } from '../config/load.ts'

/** The same result once its API reference page, if it asks for one, is built in this process; else what is wrong with it. */
export async function withDocs(result: LoadResult): Promise<LoadResult> {
  const { config, schemas } = result
  if (config?.docs === undefined) return result
  // What builds it is large: a file without docs needs nothing of it.
  const { buildDocs } = await import('./build-docs.ts')
  const problems = await buildDocs(config, config.docs)
  return problems.length > 0 ? { problems, ...(schemas && { schemas }) } : result
}
