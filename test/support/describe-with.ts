import { describe, it } from 'vitest'

/**
 * `describe` for tests that need something which a machine may lack. They fail where everything must be there (CI=true);
 * elsewhere they are skipped, with a line that says why.
 * @param missing what is not there, in one line; undefined: nothing
 */
export function describeWith(
  missing: string | undefined,
  name: string,
  body: () => void,
  options: { readonly timeout?: number } = {},
): void {
  if (missing === undefined) {
    describe(name, options, body)
  } else if (process.env.CI === 'true') {
    describe(name, () => {
      it('finds what it needs', () => {
        throw new Error(missing)
      })
    })
  } else {
    console.warn(`skipped: ${name}: ${missing}`)
    describe.skip(name, body)
  }
}
