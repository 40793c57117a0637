/**
 * Tells when nothing has happened for a time. Activity only notes the time, and the timer finds out whether there was any:
 * arming it again for each chunk, or each phase of an exchange, would cost more.
 */
export class SilenceTimer {
  readonly #listener: { onSilence(): void }
  readonly #stepMs: number
  #timer: NodeJS.Timeout | undefined
  #limitMs = 0
  #activeAtMs = 0

  /**
   * @param stepMs the shortest limit that {@link start} will get: so long the timer need not look
   * @param listener an object, for a closure would be made for each request
   */
  constructor(stepMs: number, listener: { onSilence(): void }) {
    this.#stepMs = stepMs
    this.#listener = listener
  }

  /** Begins anew: from now on `limitMs` of silence are too much. */
  start(limitMs: number): void {
    this.#limitMs = limitMs
    this.noteActivity()
    this.#timer ??= setTimeout(look, this.#stepMs, this)
  }

  noteActivity(): void {
    this.#activeAtMs = performance.now()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  look(): void {
    this.#timer = undefined
    const leftMs = this.#limitMs - (performance.now() - this.#activeAtMs)
    // Timers may fire a little early.
    if (leftMs < 1) this.#listener.onSilence()
    else this.#timer = setTimeout(look, Math.min(Math.ceil(leftMs), this.#stepMs), this)
  }
}

function look(timer: SilenceTimer): void {
  timer.look()
}
