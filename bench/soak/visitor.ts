/** One kind of client: how often it comes, what it does, and what must come of it. */
import type { FaultName } from './faults.ts'
import type { Shop } from './shop.ts'

export interface Visitor {
  readonly name: string
  readonly perSecond: number
  /** Outcomes that are right at any time. An outcome is a word or a status. */
  readonly expects: readonly string[]
  /** What may come as well while a fault lasts. */
  readonly excuses?: Readonly<Partial<Record<FaultName, readonly string[]>>>
  /** What a busy machine may bring about, in a few of the visits. */
  readonly tolerates?: readonly string[]
  visit(shop: Shop): Promise<string>
}
