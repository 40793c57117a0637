import { afterEach } from 'vitest'

interface Closable {
  close(): Promise<void>
}

/** Gives a function through which a test passes what it opens; after each test all of it is closed, the last one first. */
export function closingAfterEach(): <T extends Closable>(one: T) => T {
  const opened: Closable[] = []
  afterEach(async () => {
    for (const one of opened.splice(0).toReversed()) await one.close()
  })
  return (one) => {
    opened.push(one)
    return one
  }
}
