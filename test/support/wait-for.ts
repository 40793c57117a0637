/** Waits for a condition, looking again each few milliseconds; fails with `what` after `patienceMs`, by default ten seconds. */
export async function waitFor<T>(
  what: string,
  look: () => T | Promise<T>,
  patienceMs = 10_000,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + patienceMs
  for (;;) {
    const value = await look()
    if (value) return value as NonNullable<T>
    if (Date.now() > deadline) throw new Error(`waited too long for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
