/**
 * Tells when nothing has happened for a time. Activity only notes the time, and the timer finds out whether there was any:
 * arming it again for each chunk, or each phase of an exchange, would cost more.
 */
export class SilenceTimer {
  readonly #onSilence: () => void
  readonly #stepMs: number
  #timer: NodeJS.Timeout | undefined
  #limitMs = 0
  #activeAtMs = 0

  /** @param stepMs the shortest limit that {@link start} will get: so long the timer need not look */
  constructor(stepMs: number, onSilence: () => void) {
    this.#stepMs = stepMs
    this.#onSilence = onSilence
  }

  /** Begins anew: from now on `limitMs` of silence are too much. */
  start(limitMs: number): void {
    this.#limitMs = limitMs
    this.noteActivity()
    this.#timer ??= setTimeout(this.#look, this.#stepMs)
  }

  noteActivity(): void {
    this.#activeAtMs = performance.now()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  readonly #look = (): void => {
    this.#timer = undefined
    const leftMs = this.#limitMs - (performance.now() - this.#activeAtMs)
    // Timers may fire a little early.
    if (leftMs < 1) this.#onSilence()
    else this.#timer = setTimeout(this.#look, Math.min(Math.ceil(leftMs), this.#stepMs))
  }
}
