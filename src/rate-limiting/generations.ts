/**
 * A bounded map that forgets what was not touched for long: two generations, swapped when the young one is full.
 * Every operation is O(1). (Evicting the oldest entry of one big Map walks its tombstones: a denial of service by itself.)
 */
export interface Generations<V> {
  get(key: string): V | undefined
  set(key: string, value: V): void
  delete(key: string): void
  /** Makes the young generation the old one, and forgets the old one. */
  rotate(): void
  /** Entries held, at most twice the capacity. */
  readonly size: number
}

/**
 * @param capacity Entries of one generation.
 * @param onRotate Called after each swap, whoever asked for it.
 */
export function createGenerations<V>(capacity: number, onRotate: () => void = () => {}): Generations<V> {
  let young = new Map<string, V>()
  let old = new Map<string, V>()

  function rotate(): void {
    old = young
    young = new Map()
    onRotate()
  }

  function set(key: string, value: V): void {
    if (young.size >= capacity && !young.has(key)) rotate()
    young.set(key, value)
  }

  return {
    get(key) {
      const value = young.get(key)
      if (value !== undefined) return value
      const older = old.get(key)
      if (older !== undefined) set(key, older)
      return older
    },
    set,
    delete(key) {
      young.delete(key)
      old.delete(key)
    },
    rotate,
    get size() {
      return young.size + old.size
    },
  }
}
