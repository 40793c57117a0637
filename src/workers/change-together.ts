/** A new file in all workers, or in none: they prepare, then they commit. */
import type { Texts } from './messages.ts'
import type { WorkerLink } from './worker-link.ts'

const PREPARE_MS = 30_000
const COMMIT_MS = 5_000

export interface Change {
  readonly texts: Texts
  /** Of the configuration that the primary made of these texts. */
  readonly fingerprint: string
  /** Called when all are prepared, before the first one commits. */
  readonly onDecided: () => void
}

/**
 * Rejects with the refusal of a worker, and then nothing has changed. A worker that was prepared and does not commit is
 * ended: the one that replaces it starts with the new text.
 */
export async function changeTogether(links: readonly WorkerLink[], change: Change): Promise<void> {
  const { texts, fingerprint, onDecided } = change
  const prepared = await Promise.allSettled(links.map((link) => link.ask('prepare', texts, PREPARE_MS)))
  try {
    for (const result of prepared) {
      if (result.status === 'rejected') throw result.reason
      if (result.value.fingerprint !== fingerprint)
        throw new Error('a secret or a certificate changed while it was read')
    }
  } catch (error) {
    await Promise.allSettled(links.map((link) => link.ask('abort', null, COMMIT_MS)))
    throw error
  }
  onDecided()
  await Promise.all(links.map((link) => link.ask('commit', null, COMMIT_MS).catch(() => link.kill())))
}
