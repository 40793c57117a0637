/**
 * Index of the first item that equals an earlier one; -1: none does. Equal as JSON Schema has it (2020-12 core, section
 * 4.2.2): members in any order. One pass over the whole: the library compares each with each, which a client could use to
 * keep a processor busy for minutes.
 */
export function indexOfRepeated(items: readonly unknown[]): number {
  const seen = new Set<string>()
  for (const [index, item] of items.entries()) {
    const text = canonical(item)
    if (seen.has(text)) return index
    seen.add(text)
  }
  return -1
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`)
  return `{${members.sort().join()}}`
}
