/** New connections beside many old ones, and what becomes of a connection whose request was refused. */
import { inFile, type Mutant } from './mutant.ts'

const BURST = ['integration/process/connect-burst.test.ts']
const RESTS = ['unit/http/rests.test.ts']

const doors = inFile('http/doors.ts', BURST, [
  {
    id: 'idle-connections-wait',
    find: 'net.Server.prototype.close.call(server, () => resolve())',
    replace: 'server.close(() => resolve())',
    removes: 'idle connections are not cut while a request is on its way',
    tests: ['integration/process/drain.test.ts'],
    guards: ['pitfall 21'],
  },
  {
    id: 'one-door',
    find: 'const DOORS = 32',
    replace: 'const DOORS = 1',
    removes: 'who is served already does not keep new clients out',
    guards: ['RFC 9110 15.6.4'],
  },
  {
    id: 'hard-limit-of-connections',
    find: 'if (connections > mostConnections) socket.destroy()',
    replace: '',
    removes: 'there are at most so many connections, over all listening sockets',
    guards: ['RFC 9110 15.6.4'],
  },
  {
    id: 'port-of-another',
    find: 'if (sharing !== undefined) return openAll(host, port, sharing)',
    replace:
      'if (sharing !== undefined || port > 0) return openAll(host, port, sharing ?? (await choosePortSharing()))',
    removes: 'a second gateway does not join the port of the first',
    tests: ['integration/process/drain.test.ts'],
    guards: ['pitfall 21'],
  },
])

const rests = inFile('http/rests.ts', RESTS, [
  {
    id: 'no-rest',
    find: '    holdBack(socket)\n',
    replace: '    void holdBack\n',
    removes: 'who is told to come back and asks again at once does not take the core from others',
    guards: ['floods'],
  },
  {
    id: 'rest-of-a-pipeline',
    find: 'connection.waiting > 0 || ',
    replace: '',
    removes: 'refusals of pipelined requests wait for their turn',
    guards: ['floods'],
  },
  {
    id: 'rest-within-a-body',
    find: ' || mayHaveBody(exchange)',
    replace: ' || (false && mayHaveBody(exchange))',
    removes: 'the body of a refused request is read to its end',
    guards: ['floods'],
  },
])

const drainerRests = inFile('http/drainer.ts', RESTS, [
  {
    id: 'stop-ends-rests',
    find: '      if (isResting) readOn(socket)\n',
    replace: '      void [isResting, socket, readOn]\n',
    removes: 'a request that was sent before the stop is answered',
    guards: ['pitfall 21'],
  },
])

const starts = inFile(
  'http/port-sharing.ts',
  ['integration/process/port-sharing.test.ts'],
  [
    {
      id: 'starts-at-once',
      find: 'const start = await beginStart(host, port)',
      replace: 'const start: net.Server | undefined = undefined as net.Server | undefined',
      removes: 'two gateways that start at once do not come to share a port',
      guards: ['pitfall 21'],
    },
    {
      id: 'start-that-ended',
      find: '    start?.close()\n',
      replace: '',
      removes: 'a start that is over, or failed, is in the way of no other',
      guards: ['pitfall 21'],
    },
  ],
)

export const DOORS_AND_RESTS: readonly Mutant[] = [...doors, ...rests, ...drainerRests, ...starts]
