/** Two clients, the same bytes: whatever the lean one takes for an answer, undici takes for the same answer. */
import type { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLeanUpstreamClient } from '../../src/forwarding/lean-upstream-client.ts'
import { createUndiciUpstreamClient } from '../../src/forwarding/undici-upstream-client.ts'
import type { UpstreamClient } from '../../src/forwarding/upstream-client.ts'
import { type RawUpstream, startRawUpstream } from '../support/upstream.ts'
import { waitFor } from '../support/wait-for.ts'
import { createRandom, makeAnswer, type RandomAnswer } from './upstream-client-answers.ts'

/** `FUZZ_ANSWERS=200000 FUZZ_SEED=7 vitest …` runs more, or others. */
const COUNT = Number(process.env.FUZZ_ANSWERS ?? 2_000)
const SEED = Number(process.env.FUZZ_SEED ?? 1)
const AT_ONCE = 64

interface Outcome {
  readonly interim: unknown[]
  head: readonly unknown[] | undefined
  body: string
  end: 'whole' | 'switched' | 'failed' | undefined
}

let upstream: RawUpstream
let answers: readonly RandomAnswer[] = []
const lean = createLeanUpstreamClient()
const undici = createUndiciUpstreamClient()

beforeAll(async () => {
  upstream = await startRawUpstream((socket) => {
    socket.once('data', (chunk) => void play(socket, answers[Number(/\/(\d+) /.exec(chunk.toString())?.[1])]))
  })
})
afterAll(async () => {
  await Promise.all([lean.close(), undici.close()])
  await upstream.close()
})

/** One segment in each turn of the event loop, and then the end, so that every exchange comes to one. */
async function play(socket: Socket, answer: RandomAnswer | undefined): Promise<void> {
  for (const segment of answer?.segments ?? []) {
    socket.write(segment, 'latin1')
    for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  }
  socket.end()
}

function ask(client: UpstreamClient, index: number): Promise<Outcome> {
  const { method, upgrade } = answers[index] as RandomAnswer
  const outcome: Outcome = { interim: [], head: undefined, body: '', end: undefined }
  return new Promise((resolve) => {
    const end = (how: Outcome['end']) => {
      outcome.end = how
      resolve(outcome)
    }
    const request = { origin: upstream.url, method, path: `/${index}`, headers: [], body: null, upgrade }
    client.dispatch(
      { ...request, connectMs: 10_000, connections: AT_ONCE },
      {
        onStart: () => true,
        onInformation: (status, headers) => void outcome.interim.push(status, trimmed(headers)),
        onHead: (status, headers) => {
          outcome.head = [status, trimmed(headers)]
        },
        onData: (chunk) => {
          outcome.body += chunk.toString('latin1')
          return true
        },
        onEnd: () => end('whole'),
        onUpgrade: (status, headers, socket) => {
          outcome.head = [status, trimmed(headers)]
          let bytes = ''
          socket.on('data', (chunk: Buffer) => {
            bytes += chunk.toString('latin1')
          })
          socket.on('close', () => {
            outcome.body = bytes
            end('switched')
          })
          socket.resume()
        },
        onError: () => end('failed'),
      },
    )
  })
}

/** undici leaves the blanks behind a value where they are. */
const trimmed = (headers: readonly string[]) => headers.map((text) => text.replace(/[\t ]+$/, ''))

/** What is wrong with this pair; undefined: nothing. */
function judge(ours: Outcome, theirs: Outcome): string | undefined {
  if (ours.head !== undefined && theirs.head === undefined) return 'a head that undici refuses'
  if (ours.head !== undefined && JSON.stringify(ours.head) !== JSON.stringify(theirs.head)) return 'another head'
  if (ours.end === 'failed') return theirs.body.startsWith(ours.body) ? undefined : 'other bytes'
  if (ours.end !== theirs.end) return `${ours.end} for us, ${theirs.end} for undici`
  if (ours.body !== theirs.body) return 'another body'
  return JSON.stringify(ours.interim) === JSON.stringify(theirs.interim) ? undefined : 'other interim answers'
}

describe('the lean client beside undici', () => {
  it(`never takes for an answer what undici refuses, and reads the same (${COUNT} answers, seed ${SEED})`, async () => {
    const random = createRandom(SEED)
    const ends = { whole: 0, switched: 0, failed: 0, onlyUndici: 0 }
    const wrong: string[] = []
    for (let done = 0; done < COUNT && wrong.length < 20; done += AT_ONCE) {
      answers = Array.from({ length: AT_ONCE }, () => makeAnswer(random))
      const pairs = await Promise.all(answers.map((_, i) => Promise.all([ask(lean, i), ask(undici, i)])))
      // None is used again: what a closing connection does to the next request is not the question here.
      await waitFor('all connections to close', () => upstream.connections.size === 0)
      for (const [i, [ours, theirs]] of pairs.entries()) {
        ends[ours.end ?? 'failed'] += 1
        if (ours.end === 'failed' && theirs.end !== 'failed') ends.onlyUndici += 1
        const problem = judge(ours, theirs)
        if (problem !== undefined) wrong.push(`${problem}: ${JSON.stringify([answers[i], ours, theirs])}`)
      }
    }
    expect(wrong).toEqual([])
    // The answers are worth something only if many are right and many are wrong.
    expect(ends.whole).toBeGreaterThan(COUNT / 4)
    expect(ends.failed).toBeGreaterThan(COUNT / 4)
  }, 1_200_000)
})
