import { describe, expect, it } from 'vitest'
import { readDocument } from '../../../../src/config/openapi/read-document.ts'

const head = 'openapi: 3.1.0\ninfo: { title: Orders, version: "1" }\n'

function problemsOf(text: string): string[] {
  const { problems = [] } = readDocument(text, 'orders.yaml')
  return problems.map(({ line, message }) => `${line} ${message}`)
}

const withReference = (reference: string) => `${head}paths:
  /orders:
    get:
      responses:
        200:
          $ref: "${reference}"
`

describe('readDocument', () => {
  it('reads YAML and JSON, and knows the lines of operations', () => {
    const { document } = readDocument(`${head}paths:\n  /orders:\n    get: {}\n    post: {}\n`, 'orders.yaml')
    expect(document?.line(['paths', '/orders', 'post'])).toBe(6)
    const json = JSON.stringify({ openapi: '3.0.3', paths: { '/a': { get: {} } } }, null, 2)
    expect(readDocument(json, 'a.json').document?.line(['paths', '/a', 'get'])).toBe(5)
  })

  it.each([
    ['swagger: "2.0"\npaths: {}\n', '0 expected a document of OpenAPI 3.0 or 3.1 ("openapi: 3.1.0")'],
    ['openapi: 4.0.0\npaths: {}\n', '0 expected a document of OpenAPI 3.0 or 3.1 ("openapi: 3.1.0")'],
    ['[]', '0 expected a document of OpenAPI 3.0 or 3.1 ("openapi: 3.1.0")'],
    ['', '0 expected a document of OpenAPI 3.0 or 3.1 ("openapi: 3.1.0")'],
    [head, '0 the document has no paths'],
    [`${head}paths: {\n`, '4 not valid YAML or JSON'],
    [`${head}paths:\n  /a: {}\n  /b: {}\n  /a: {}\n`, '6 this key stands twice in its mapping'],
    ['{ "openapi": "3.1.0",\n"paths": {\n"/a": { "get": {}, "get": {} } } }', '3 this key stands twice in its mapping'],
  ])('refuses %j', (text, problem) => {
    expect(problemsOf(text)).toEqual([problem])
  })

  it('refuses references that it cannot follow, with their lines', () => {
    const line = (message: string) => [`8 ${message}`]
    const leadsOut = (reference: string) => line(`"${reference}" leads out of the document: bundle it into one file`)
    for (const reference of ['other.yaml#/x', 'https://example.com/a.yaml', '/etc/passwd', '#anchor', '../x']) {
      expect(problemsOf(withReference(reference))).toEqual(leadsOut(reference))
    }
    expect(problemsOf(withReference('#/paths/~1orders'))).toEqual(line('a reference must lead into #/components'))
    const nowhere = '#/components/responses/constructor'
    const components = 'components: { responses: { Found: { description: Found } } }\n'
    expect(problemsOf(withReference(nowhere) + components)).toEqual(line(`nothing stands at "${nowhere}"`))
    expect(problemsOf(withReference('#/components/responses/Found') + components)).toEqual([])
  })

  it('refuses aliases that multiply the document, and a document without end', () => {
    const bomb = ['a: &a0 [x]', ...Array.from({ length: 9 }, (_, i) => `a${i}: &a${i + 1} [${`*a${i},`.repeat(9)}]`)]
    expect(problemsOf(`${bomb.join('\n')}\n${head}paths: {}\n`)).toHaveLength(1)
    expect(problemsOf(`${head}paths: ${'{a: '.repeat(50_000)}`)).toHaveLength(1)
  })
})
