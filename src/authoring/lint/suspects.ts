/** Names of scopes and roles that stand once, and look like another one. */
import type { AllowLine } from '../../config/gateway-config.ts'
import { editDistance } from '../../config/nearest.ts'
import { type Path, quoteText } from '../../config/problem.ts'
import type { Find, LintFile, Rule } from './rule.ts'

type Kind = 'scopes' | 'roles'

interface Use {
  readonly path: Path
  readonly line: number
}

export const suspectScopes: Rule = (file) => suspects(file, 'scopes')
export const suspectRoles: Rule = (file) => suspects(file, 'roles')

function* suspects(file: LintFile, kind: Kind): Generator<Find> {
  const uses = usesOf(file, kind)
  for (const [name, places] of uses) {
    const [only] = places
    if (places.length > 1 || only === undefined) continue
    const twin = [...uses].find(([other, [first]]) => {
      return other !== name && first !== undefined && isBefore(uses, other, name) && looksLike(name, other)
    })
    const first = twin?.[1][0]
    if (twin === undefined || first === undefined) continue
    const message = `${quoteText(name)} stands only here, and ${quoteText(twin[0])} on line ${first.line}: is one of them a typo?`
    yield { path: only.path, message }
  }
}

/** By name, in the order of the file. */
function usesOf({ routes }: LintFile, kind: Kind): Map<string, Use[]> {
  const uses = new Map<string, Use[]>()
  for (const { route, path } of routes) {
    for (const [index, line] of route.policy.allow.entries()) {
      for (const name of new Set(valuesOf(line, kind))) {
        const known = uses.get(name) ?? []
        uses.set(name, [...known, { path: [...path, 'allow', index, kind], line: line.line }])
      }
    }
  }
  return uses
}

function valuesOf(line: AllowLine, kind: Kind): readonly string[] {
  return line[kind]?.values ?? []
}

/** Of two that stand once each the later one is the suspect. */
function isBefore(uses: ReadonlyMap<string, readonly Use[]>, other: string, name: string): boolean {
  if ((uses.get(other)?.length ?? 0) > 1) return true
  const names = [...uses.keys()]
  return names.indexOf(other) < names.indexOf(name)
}

/** Equal but for case and signs, or but for one word that is one letter away from the other's; digits are meant. */
function looksLike(name: string, other: string): boolean {
  const [own, others] = [wordsOf(name), wordsOf(other)]
  if (own.join('') === others.join('')) return true
  if (own.length !== others.length) return false
  const different = own.flatMap((word, index) => (word === others[index] ? [] : [[word, others[index] ?? ''] as const]))
  const [[one, two] = ['', '']] = different
  if (different.length !== 1 || /\d/.test(one + two) || Math.max(one.length, two.length) < 4) return false
  return editDistance(one, two) === 1
}

function wordsOf(name: string): string[] {
  return name.toLowerCase().split(/[^\p{L}\p{N}]+/u)
}
