import { describe, expect, it } from 'vitest'
import { readCurl } from '../../../src/authoring/curl.ts'

describe('readCurl', () => {
  it.each([
    ['curl http://h/orders', 'GET', '/orders', ['Host', 'h']],
    ['curl -X POST http://h:8080/orders?a=b#c', 'POST', '/orders?a=b', ['Host', 'h:8080']],
    [
      "curl -sXDELETE 'https://h/orders/7' -H 'Origin: https://a.example'",
      'DELETE',
      '/orders/7',
      ['Host', 'h', 'Origin', 'https://a.example'],
    ],
    ['curl --request=PUT --url https://u:p@h/x', 'PUT', '/x', ['Host', 'h']],
    [`curl 'http://h/a' \\\n  -H "X-A: \\"b\\"" \\\n  --compressed`, 'GET', '/a', ['Host', 'h', 'X-A', '"b"']],
    [`curl $'http://h/a' -H $'X-A: it\\'s'`, 'GET', '/a', ['Host', 'h', 'X-A', "it's"]],
    ['curl -d a=b -d c=d http://h/f', 'POST', '/f', ['Host', 'h']],
    ['curl -G -d a=b -d c=d http://h/f', 'GET', '/f?a=b&c=d', ['Host', 'h']],
    [`curl --json '{"a":1}' http://h/f`, 'POST', '/f', ['Host', 'h', 'Content-Type', 'application/json']],
    ['curl -I h', 'HEAD', '/', ['Host', 'h']],
    ['curl http://h/a/../b', 'GET', '/b', ['Host', 'h']],
    ['curl --path-as-is http://h/a/../b', 'GET', '/a/../b', ['Host', 'h']],
    ['curl http://h/a%2Fb', 'GET', '/a%2Fb', ['Host', 'h']],
    ['curl http://h/a -H "Host: other" | jq .', 'GET', '/a', ['Host', 'other']],
    ['$ curl http://h/a > out', 'GET', '/a', ['Host', 'h']],
    ['curl -o /dev/null -w "%{http_code}" http://h/a', 'GET', '/a', ['Host', 'h']],
    ['curl --oauth2-bearer abc http://h/a', 'GET', '/a', ['Host', 'h', 'Authorization', 'Bearer abc']],
  ])('reads %s', (command, method, target, headers) => {
    expect(readCurl(command)).toMatchObject({ method, target, headers })
  })

  it('notes what it leaves out', () => {
    expect(readCurl('curl -u me:secret -d x http://h/a').notes).toEqual([
      '-u is left out: the gateway takes bearer tokens only',
      'the body is left out: limits by form fields and body sizes are not seen',
    ])
    expect(readCurl('curl http://h/a http://h/b').notes).toEqual(['only the first URL counts'])
  })

  it.each([['wget http://h/a'], ['curl -H "Authorization: Bearer secret"'], ['curl http:///secret']])(
    'refuses %s, and quotes nothing of it',
    (command) => {
      expect(() => readCurl(command)).toThrow(/^(?!.*secret)/)
    },
  )
})
