/** All sections, in the order of README. */
import { ALLOW } from './allow.ts'
import { ATTACK } from './attack.ts'
import { BODIES } from './bodies.ts'
import { CONNECTIONS } from './connections.ts'
import { LIMITER_KEYS } from './limiter-keys.ts'
import { OVERLOAD } from './overload.ts'
import { ROUTES } from './routes.ts'
import type { Section } from './section.ts'
import { TOKENS } from './tokens.ts'
import { WORKERS } from './workers.ts'

export const SECTIONS: readonly Section[] = [
  ROUTES,
  ALLOW,
  TOKENS,
  LIMITER_KEYS,
  BODIES,
  CONNECTIONS,
  ATTACK,
  OVERLOAD,
  WORKERS,
]

/** The sections with these ids; throws when there is none of a name. */
export function chooseSections(ids: readonly string[] | undefined): Section[] {
  const unknown = ids?.filter((id) => !SECTIONS.some((section) => section.id === id)) ?? []
  if (unknown.length > 0) {
    throw new Error(`no such section: ${unknown.join(', ')}; there are ${SECTIONS.map(({ id }) => id).join(', ')}`)
  }
  return SECTIONS.filter(({ id }) => ids === undefined || ids.includes(id))
}
