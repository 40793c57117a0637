/** Files for lint: what a case is, and what its files are made of. */
type File = Readonly<Record<string, unknown>>

export interface LintCase {
  readonly what: string
  readonly bad: File
  /** Path and message of each finding of this code. */
  readonly found: readonly string[]
  readonly mended: File
}

export const line = (scopes: unknown, methods: unknown = ['GET']) => ({ methods, scopes })
export const route = (path: string, ...allow: unknown[]) => ({ path, to: 'orders', allow })
export const open = (path: string, methods: unknown = ['GET']) => ({ path, to: 'orders', methods, public: 'all may' })
export const routes = (...list: unknown[]): File => ({ routes: list })
export const r = line('r')
export const w = line('w', ['POST'])
