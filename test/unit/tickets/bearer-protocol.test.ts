import { describe, expect, it } from 'vitest'
import { takeBearerProtocol } from '../../../src/tickets/bearer-protocol.ts'

const NAME = 'Sec-WebSocket-Protocol'

describe('takeBearerProtocol', () => {
  it.each([[[]], [['Accept', 'bearer, a.b.c']], [[NAME, 'chat, a.b.c']], [[NAME, 'bearer.a.b.c']]])(
    'finds none in %j',
    (fields) => {
      expect(takeBearerProtocol(fields)).toBeUndefined()
    },
  )

  it.each([
    [[NAME, 'bearer, t'], ['t'], 'bearer', []],
    [['A', '1', NAME, 'bearer,t', 'B', '2'], ['t'], 'bearer', ['A', '1', 'B', '2']],
    [[NAME, 'x,\tBEARER\t,t , y'], ['t'], 'BEARER', [NAME, 'x, y']],
    [['sec-websocket-protocol', 'x, bearer', 'SEC-WEBSOCKET-PROTOCOL', ', t, y'], ['t'], 'bearer', [NAME, 'x, y']],
    [[NAME, 'bearer'], [''], 'bearer', []],
    [[NAME, 'bearer, t, Bearer, u'], ['t', 'u'], 'bearer', []],
    [[NAME, 'bearer, bearer, t'], ['bearer'], 'bearer', [NAME, 't']],
  ])('takes it out of %j', (fields, tokens, marker, left) => {
    expect(takeBearerProtocol(fields)).toEqual({ tokens, marker, fields: left })
  })
})
