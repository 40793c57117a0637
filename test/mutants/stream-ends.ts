/** Streams that end with their token. */
import { inFile, type Mutant } from './mutant.ts'

const END = ['integration/forwarding/token-end.test.ts']
const BROWSER = ['security/tickets-browser.test.ts']

export const STREAM_ENDS: readonly Mutant[] = [
  ...inFile('forwarding/tunnel-end.ts', END, [
    {
      id: 'close-inside-a-frame',
      find: 'if (this.#frames.isBetween) this.#close()\n  }\n\n  #close',
      replace: 'this.#close()\n  }\n\n  #close',
      removes: 'a Close frame stands between two frames',
      guards: ['RFC 6455 5.4'],
    },
    {
      id: 'close-twice',
      find: 'if (!this.#frames.isClosed) this.#client.write(TOKEN_EXPIRED)',
      replace: 'this.#client.write(TOKEN_EXPIRED)',
      removes: 'nothing follows a Close frame',
      guards: ['RFC 6455 5.5.1'],
    },
    {
      id: 'close-no-grace',
      find: 'this.#stop = this.#terms.clock.schedule(() => this.#destroy(), GRACE_MS)',
      replace: '',
      removes: 'half a frame, or a client that does not close, holds nothing up',
    },
    {
      id: 'over-client-carried',
      find: 'this.#client.unpipe()\n',
      replace: '',
      removes: 'nothing more of a client goes on whose token is over',
    },
    {
      id: 'over-client-unread',
      find: 'this.#client.resume()\n',
      replace: '',
      removes: 'a client that answers the Close frame is let go at once',
    },
    {
      id: 'close-among-no-frames',
      find: 'if (this.#frames.isLost || this.#client.writableEnded) {',
      replace: 'if (this.#client.writableEnded) {',
      removes: 'what is no stream of frames is cut at once',
    },
    {
      id: 'bytes-behind-the-end',
      find: 'if (this.isOver) return chunk.subarray(0, this.#frames.readFrame(chunk, 0))',
      replace: '',
      removes: 'no frame reaches the client after the end of the token',
    },
  ]),
  ...inFile(
    'forwarding/stream-terms.ts',
    [...END, 'unit/forwarding/stream-terms.test.ts'],
    [
      {
        id: 'stream-end-overflow',
        find: 'Math.min(Math.max(0, endsAtMs - clock.now()), LOOK_MS)',
        replace: 'Math.max(0, endsAtMs - clock.now()) | 0',
        removes: 'a token that outlives a timer ends no stream early',
      },
      {
        id: 'stream-end-early',
        find: 'if (clock.now() >= endsAtMs) run()',
        replace: 'if (clock !== null) run()',
        removes: 'a stream lasts as long as its token',
      },
    ],
  ),
  ...inFile('forwarding/transfer.ts', END, [
    {
      id: 'events-outlive-token',
      find: 'if (terms !== undefined && isEventStream(headers)) {',
      replace: 'if (terms === null) {',
      removes: 'events end with their token',
    },
    {
      id: 'socket-outlives-token',
      find: '{ idleMs: route.timeouts.idleMs, terms }',
      replace: '{ idleMs: route.timeouts.idleMs, terms: undefined }',
      removes: 'a WebSocket ends with its token',
    },
  ]),
  ...inFile('forwarding/upgrade.ts', BROWSER, [
    {
      id: 'no-subprotocol-answered',
      find: 'if (subprotocol !== undefined && !isChosen)',
      replace: 'if (subprotocol === null)',
      removes: 'a browser takes the answer of a service without subprotocols',
      guards: ['RFC 6455 4.1'],
    },
    {
      id: 'close-frame-reset',
      find: 'if (!(isOver && to === client)) finish(to)',
      replace: 'finish(to)',
      removes: 'the Close frame arrives whatever the client still sends',
      tests: END,
    },
  ]),
]
