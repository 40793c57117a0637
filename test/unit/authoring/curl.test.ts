import { describe, expect, it } from 'vitest'
import { readCurl } from '../../../src/authoring/curl.ts'

const FORM = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'

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
    ['curl -d a=b -d c=d http://h/f', 'POST', '/f', ['Host', 'h', 'Content-Type', FORM]],
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
    expect(readCurl('curl -u me:secret -d @x http://h/a').notes).toEqual([
      '-u is left out: the gateway takes bearer tokens only',
      'the body is in a file, and nothing that a command names is opened: give it with --body @FILE',
    ])
    expect(readCurl('curl http://h/a http://h/b').notes).toEqual(['only the first URL counts'])
  })

  it.each([['wget http://h/a'], ['curl -H "Authorization: Bearer secret"'], ['curl http:///secret']])(
    'refuses %s, and quotes nothing of it',
    (command) => {
      expect(() => readCurl(command)).toThrow(/^(?!.*secret)/)
    },
  )

  it.each([
    ['-d a=b', 'a=b', FORM],
    ['-d a=b --data-raw @c', 'a=b&@c', FORM],
    ['--data-binary a=b --data-ascii c', 'a=b&c', FORM],
    ["--data-urlencode 'a=b c!&' --data-urlencode '=d=e' --data-urlencode 'f g'", 'a=b%20c%21%26&d%3De&f%20g', FORM],
    [`--json '{"a":' --json '1}'`, '{"a":1}', JSON_TYPE],
    [`-H 'content-type: application/json' -d '{}'`, '{}', JSON_TYPE],
    [`--json '{}' -H 'Content-Type: application/merge-patch+json'`, '{}', 'application/merge-patch+json'],
    [`-H 'Content-Type:' -d '{}'`, '{}', undefined],
    ["-d ''", '', FORM],
    ['-X POST', '', undefined],
    ['-G -d a=b', '', undefined],
    ['-d @a.json', undefined, FORM],
    ['-d a=b --data-urlencode c@d', undefined, FORM],
    ['--json @-', undefined, JSON_TYPE],
    ['-T order.json', undefined, undefined],
  ])('reads the body of %s, and what curl says of it', (options, body, type) => {
    const request = readCurl(`curl http://h/f ${options}`)
    expect(request.body).toBe(body)
    const types = request.headers.filter((_, i) => i % 2 === 1 && /^content-type$/i.test(request.headers[i - 1] ?? ''))
    expect(types).toEqual(type === undefined ? [] : [type])
  })

  it('reads the parts of a form, but not what is a file', () => {
    const request = readCurl(`curl http://h/f -F 'a=1' --form-string 'b=@c'`)
    expect(request.headers.at(-1)).toMatch(/^multipart\/form-data; boundary=/)
    const [, boundary = '', a, b, end] =
      /^--(\S+)\r\n([\s\S]*?)--\1\r\n([\s\S]*?)--\1(--\r\n)$/.exec(request.body ?? '') ?? []
    expect(request.headers.at(-1)).toContain(boundary)
    expect([a, b, end]).toEqual([
      'Content-Disposition: form-data; name="a"\r\n\r\n1\r\n',
      'Content-Disposition: form-data; name="b"\r\n\r\n@c\r\n',
      '--\r\n',
    ])
    for (const file of ['a=@c', 'a=<c']) expect(readCurl(`curl http://h/f -F '${file}'`).body).toBeUndefined()
  })
})
