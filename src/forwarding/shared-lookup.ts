import { lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'

type Callback = Parameters<LookupFunction>[2]

/**
 * Looks a name up once for all who ask while that is under way. The system answers two look-ups at a time for the whole
 * process, and one that nobody answers takes seconds, longer than those who asked for it wait: a name that does not
 * resolve would keep those that do from their addresses.
 */
export function createSharedLookup(resolve: LookupFunction = lookup as LookupFunction): LookupFunction {
  const underWay = new Map<string, Callback[]>()
  return (hostname, options, callback) => {
    const question = JSON.stringify([hostname, options.family, options.hints, options.all])
    const waiting = underWay.get(question)
    if (waiting !== undefined) {
      waiting.push(callback)
      return
    }
    const callbacks = [callback]
    underWay.set(question, callbacks)
    resolve(hostname, options, (...answer) => {
      underWay.delete(question)
      for (const each of callbacks) each(...answer)
    })
  }
}
