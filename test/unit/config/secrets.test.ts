import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { dispatch } from '../../../src/cli/dispatch.ts'
import { createTestIo } from '../cli/test-io.ts'
import { complete, readMistakes } from './mistakes.ts'

const SECRET = 'hunter2-marked'
const folder = mkdtempSync(path.join(tmpdir(), 'scopegate-secrets-'))
afterAll(() => rmSync(folder, { recursive: true }))
writeFileSync(path.join(folder, 'secret'), SECRET)

/** Everything that the commands print about a file. */
async function printed(text: string, env: Record<string, string> = {}): Promise<string> {
  writeFileSync(path.join(folder, 'scopegate.yaml'), text)
  const io = createTestIo({ cwd: folder, env })
  for (const command of [['validate'], ['validate', '--json'], ['routes'], ['routes', '--json']]) {
    await dispatch(io, command, '0')
  }
  return io.out + io.err
}

/** Files with a secret in them, good and bad; each of the ways a person could get it wrong. */
const WITH_SECRET = {
  'a password': `redis: { url: "redis://r", password: ${SECRET} }\n`,
  'a quoted password': `redis:\n  url: redis://r\n  password: "${SECRET}"\n`,
  'a password in a URL': `redis: { url: "redis://:${SECRET}@r:6379" }\n`,
  'a URL of another scheme': `redis: { url: "http://:${SECRET}@r:6379" }\n`,
  'a URL that is none': `redis: { url: "${SECRET}" }\n`,
  'a secret with an unknown key beside it': `redis: { password: ${SECRET}, hots: a }\n`,
  'a misspelt password': `redis: { url: "redis://r", pasword: ${SECRET} }\n`,
  'a misspelt section': `rediss: { url: "redis://:${SECRET}@r", key: ${SECRET} }\n`,
  'redis as one text': `redis: redis://:${SECRET}@r\n`,
  'redis as a list': `redis: [${SECRET}]\n`,
  'a password that is a list': `redis: { url: "redis://r", password: [${SECRET}] }\n`,
  'a password in a block': `redis:\n  url: redis://r\n  hots: 1\n  password: |\n    ${SECRET}\n`,
  'a password by an alias': `redis: { url: "redis://r", password: *p }\nspare: &p ${SECRET}\n`,
  'a password behind an anchor': `spare: &p ${SECRET}\nredis: { url: "redis://r", password: *p }\n`,
  'a password with a tag': `redis: { url: "redis://r", password: !x ${SECRET} }\n`,
  'a password as a default': `redis: { url: "\${REDIS_URL:-redis://:${SECRET}@r}", hots: 1 }\n`,
  'a password beside an unset variable': `redis: { url: "redis://:${SECRET}@\${NOT_SET}" }\n`,
  'a password in two places': `redis: { url: "redis://:a@r", password: ${SECRET} }\n`,
  'two ways to redis': `redis: { url: "redis://:${SECRET}@r", cluster: ["redis://:${SECRET}@r"] }\n`,
  'a duplicate password': `redis:\n  password: ${SECRET}\n  password: ${SECRET}\n`,
  'a quote that is not closed': `redis:\n  url: redis://r\n  password: "${SECRET}\n`,
  'a brace that is not closed': `redis: { password: ${SECRET}\n`,
  'a quote in the middle': `redis: { password: "${SECRET}" "x" }\n`,
  'bad indentation below': `redis:\n  url: redis://r\n  password: |\n      ${SECRET}\n   ${SECRET}: x\n ${SECRET}\n`,
  'a tab in the block': `redis:\n  password: a\n\t${SECRET}: b\n`,
  'an unknown escape': `redis: { password: "\\q${SECRET}" }\n`,
  'an unknown anchor': `redis: { password: *${SECRET} }\n`,
  'an upstream with credentials': `upstreams: { up: "http://user:${SECRET}@up:80" }\n`,
  'an issuer with credentials': `issuers: { main: { issuer: "https://user:${SECRET}@id.example", audience: a } }\n`,
  'a password of something else': `upstreams: { up: http://up:80, password: ${SECRET} }\n`,
  'the password of the admin listener': `admin: { password: ${SECRET}, hots: a }\n`,
  'one that is too short, in quotes': `admin:\n  password: "${SECRET.slice(0, 14)}"\n`,
  'one that is misspelt': `admin: { pasword: ${SECRET} }\n`,
  'one that is a list': `admin: { password: [${SECRET}] }\n`,
  'one in a misspelt section': `admins: { password: |\n    ${SECRET}\n }\n`,
  'one by an alias': `admin: { password: *p, hots: 1 }\nspare: &p ${SECRET}\n`,
  'one in a block that is broken': `admin:\n  password: |\n      ${SECRET}\n   ${SECRET}: x\n ${SECRET}\n`,
  'one in a file': 'admin: { password: { file: secret } }\n',
  'a good file': `redis: { url: "redis://u:${SECRET}@r:6379" }\nworkers: 2\n`,
  'a secret of a login': `login: { publicUrl: "https://a", client: { id: a, secret: ${SECRET} }, keys: [] }\n`,
  'a key of a login': `login: { publicUrl: "https://a", client: { id: a, secret: a }, keys: [{ id: a, secret: ${SECRET} }] }\n`,
  'a key of a login in a list': `login:\n  keys:\n    - ${SECRET}\n`,
  'a misspelt secret of a login': `login: { client: { id: a, secrt: ${SECRET}, hots: 1 } }\n`,
  'a misspelt login': `logins: { clent: { secret: ${SECRET} } }\n`,
  'a secret of a login that is not closed': `login:\n  client:\n    id: a\n    secret: "${SECRET}\n`,
  'a login with a brace that is not closed': `login: { client: { secret: ${SECRET} }\n`,
  'a secret of a login with a bad block': `login:\n  client:\n    secret: |\n        ${SECRET}\n     ${SECRET}: x\n ${SECRET}\n`,
  'a secret in a file': 'redis: { url: { file: secret } }\n',
  'a password in a file': 'redis: { url: "redis://r", password: { file: secret }, hots: 1 }\n',
}

describe('secrets in what the commands print', () => {
  it.each(Object.entries(WITH_SECRET))('hides %s', async (_name, text) => {
    expect(await printed(complete(text))).not.toContain(SECRET)
  })

  const PLACES = [
    'redis: { url: "${SECRET}" }',
    'redis: { url: "redis://:${SECRET}@r", password: "${SECRET}" }',
    'redis: { password: "${SECRET}", hots: "${SECRET}" }',
    'listen: { host: "${SECRET} ", port: "${SECRET}" }',
    'upstreams: { up: "${SECRET}" }',
    'issuers: { main: { issuer: "${SECRET}", audience: "${SECRET}", algorithms: ["${SECRET}"] } }',
    'rateLimits: { a: { limit: "${SECRET}", window: "${SECRET}", key: "${SECRET}", when: "${SECRET}" } }',
    'cors: { a: { origins: ["${SECRET}"] } }',
    'defaults: { issuer: "${SECRET}", rateLimits: ["${SECRET}"], cors: "${SECRET}" }',
    'routes: [{ path: "${SECRET}", to: "${SECRET}", public: yes }]',
    'routes: [{ path: "/${SECRET}/", to: up, public: yes }, { path: "/{${SECRET}}", to: up, public: yes }]',
    'routes: [{ path: "/${SECRET}", to: up }, { path: "/${SECRET}", to: up }]',
    'routes: [{ path: "/a", to: { upstream: up, rewrite: "/{${SECRET}}" }, public: yes }]',
    'routes: [{ path: "/a/{${NAME}}", to: { upstream: up, rewrite: "/{b}" }, public: yes }]',
    'routes: [{ path: "/{${NAME}}", to: up, allow: [{ methods: GET, where: { path.b: token.sub } }] }]',
    'routes: [{ path: /a, to: up, allow: [{ methods: "${SECRET}", scopes: ["${SECRET}"], roles: { al: "${SECRET}" } }] }]',
    'routes: [{ path: /a, to: up, issuer: "${SECRET}", rateLimits: ["${SECRET}"], cors: "${SECRET}", allow: [{ methods: any, token: any }] }]',
    'identity: { headers: { Host: "${SECRET}" } }',
    'listen: { tls: { cert: "${SECRET}", key: "/${SECRET}" } }',
    'tests: [{ request: "${SECRET}", expect: "${SECRET}" }]',
    'trustedProxies: ["${SECRET}"]',
    'workers: "${SECRET}"',
    'version: "${SECRET}"',
  ]

  it.each(PLACES)('hides what the environment fills in: %s', async (text) => {
    const env = { SECRET, NAME: SECRET.replaceAll('-', '_') }
    const shown = await printed(complete(`${text}\nunknown: 1\n`), env)
    expect(shown).not.toContain(SECRET)
    expect(shown).not.toContain(env.NAME)
    expect(shown).toContain('unknown key')
  })

  it('still shows where a value comes from', async () => {
    expect(await printed(complete('redis: { url: "${URL}", hots: 1 }\n'), { URL: SECRET })).toContain('url: "${URL}"')
  })

  it('hides a password that stands in any of the known mistakes', async () => {
    for (const { text } of readMistakes()) {
      const shown = await printed(`redis: { url: "redis://:${SECRET}@r", password: ${SECRET} }\n${complete(text)}`)
      expect(shown).not.toContain(SECRET)
    }
  })
})
