/**
 * Tells when nothing has happened for a time. Activity only notes the time, and the timer finds out whether there was any:
 * arming it again for each chunk would cost more.
 */
export class SilenceTimer {
  readonly #onSilence: () => void
  #timer: NodeJS.Timeout | undefined
  #limitMs = 0
  #activeAtMs = 0

  constructor(onSilence: () => void) {
    this.#onSilence = onSilence
  }

  /** Begins anew: from now on `limitMs` of silence are too much. */
  start(limitMs: number): void {
    this.#limitMs = limitMs
    this.noteActivity()
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#look, limitMs)
  }

  noteActivity(): void {
    this.#activeAtMs = performance.now()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  readonly #look = (): void => {
    const leftMs = this.#limitMs - (performance.now() - this.#activeAtMs)
    // Timers may fire a little early.
    if (leftMs < 1) this.#onSilence()
    else this.#timer = setTimeout(this.#look, Math.ceil(leftMs))
  }
}
