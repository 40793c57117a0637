/**
 * Denials a few at a time, so that those who are refused do not take the place of those who are served.
 *
 * An answer from an upstream takes several turns of the event loop, a denial one. Of two clients who ask again as soon as
 * they are answered, the one that is refused would get most of the turns, and as many connections of an attacker as of
 * everybody else three quarters of the core. With so few in a turn, a busy gateway belongs to those it serves; an idle one
 * turns so fast that nobody waits.
 */
export const DENIALS_PER_TURN = 4

/**
 * Where turns are long: in a millisecond. One costs a third of an answer from an upstream; of 3,000 clients that ask again
 * at once, four in each would take a seventh of the core.
 */
const DENIALS_PER_MS = 1

/** After a turn of so long there is no more room than after this one. */
const LONGEST_TURN_MS = 200

/**
 * Runs what it is given: at once while this turn of the event loop has room, else in a later one, in the order of their
 * coming. What waits is bounded by the connections: each has one request under way.
 * @param clock monotonic ms; with it a turn has room for as many as it took milliseconds, for those who are refused because
 * turns are long
 */
export function createDenialTurns(clock?: () => number): (deny: () => void) => void {
  const waiting: (() => void)[] = []
  let room = clock === undefined ? DENIALS_PER_TURN : DENIALS_PER_MS
  let isScheduled = false
  let scheduledAtMs = 0

  function scheduleTurn(): void {
    if (isScheduled) return
    isScheduled = true
    if (clock !== undefined) scheduledAtMs = clock()
    setImmediate(beginTurn)
  }

  function beginTurn(): void {
    isScheduled = false
    room = clock === undefined ? DENIALS_PER_TURN : roomAfter(clock() - scheduledAtMs)
    if (waiting.length > 0) scheduleTurn()
    for (let deny = waiting.shift(); deny !== undefined; deny = room > 0 ? waiting.shift() : undefined) {
      room -= 1
      deny()
    }
  }

  return (deny) => {
    scheduleTurn()
    if (room === 0) {
      waiting.push(deny)
      return
    }
    room -= 1
    deny()
  }
}

function roomAfter(turnMs: number): number {
  return DENIALS_PER_MS * Math.floor(Math.min(LONGEST_TURN_MS, Math.max(1, turnMs)))
}
