/** Words that people bring along from other gateways. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  upstream: ['to'],
  backend: ['to', 'upstreams'],
  backends: ['upstreams'],
  target: ['to'],
  service: ['to'],
  services: ['upstreams'],
  aud: ['audience'],
  iss: ['issuer'],
  jwks_uri: ['jwks'],
  permissions: ['scopes'],
  rules: ['allow', 'routes'],
  period: ['window'],
  host: ['url', 'urls'],
  path: ['rewrite'],
  stripPrefix: ['rewrite'],
}

/** The candidate that was probably meant: known by another name, its beginning, or at most a third of its letters away (see `editDistance`). */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const known = [...candidates]
  const names = Object.hasOwn(ELSEWHERE, word) ? ELSEWHERE[word] : undefined
  const translated = names?.find((candidate) => known.includes(candidate))
  if (translated !== undefined) return translated
  const longer = known.filter((candidate) => word.length > 2 && candidate.startsWith(word))
  if (longer.length === 1) return longer[0]
  let best: string | undefined
  let bestDistance = Number.POSITIVE_INFINITY
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance && distance <= Math.max(1, Math.floor(candidate.length / 3))) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** Insertions, deletions, replacements and swaps of neighbours from one word to the other (optimal string alignment). */
export function editDistance(from: string, to: string): number {
  if (Math.abs(from.length - to.length) > 20 || from.length > 100) return Number.POSITIVE_INFINITY
  let above: number[] = []
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1]
    for (let j = 0; j < to.length; j++) {
      const replaced = at(row, j) + (from[i] === to[j] ? 0 : 1)
      const isSwap = i > 0 && j > 0 && from[i] === to[j - 1] && from[i - 1] === to[j]
      const swapped = isSwap ? at(above, j - 1) + 1 : Number.POSITIVE_INFINITY
      next.push(Math.min(replaced, swapped, at(row, j + 1) + 1, at(next, j) + 1))
    }
    above = row
    row = next
  }
  return at(row, to.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY
}
