import type { ConsoleSources } from './console.ts'

/** Loaded when somebody looks: what serves requests needs none of the tools for people. */
export function createLazyConsole(sources: ConsoleSources): (request: Request) => Promise<Response> {
  let loading: Promise<(request: Request) => Promise<Response>> | undefined
  return async (request) => {
    loading ??= import('./console.ts').then(({ createConsole }) => createConsole(sources))
    return (await loading)(request)
  }
}
