import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dispatch } from '../../../src/cli/dispatch.ts'
import { writeConfig } from '../../support/gateway.ts'
import { createTestIssuer, type TestIssuer } from '../../support/test-issuer.ts'
import { generateSigningKey, withBrokenSignature } from '../../support/tokens.ts'
import { createTestIo } from '../../unit/cli/test-io.ts'

const ROOT = new URL('../../..', import.meta.url).pathname

let issuer: TestIssuer
let config: Awaited<ReturnType<typeof writeConfig>>
let token: string

beforeAll(async () => {
  issuer = await createTestIssuer()
  config = await writeConfig({
    issuers: { main: { issuer: issuer.issuer, audience: 'shop-api' } },
    upstreams: { up: 'http://127.0.0.1:1' },
    routes: [
      { path: '/orders/**', to: 'up', allow: [{ methods: 'any', scopes: 'orders:read' }] },
      { path: '/open', to: 'up', public: 'open' },
    ],
  })
  token = await issuer.mint({ scope: 'orders:read', sub: 'u1' })
})
afterAll(async () => {
  await issuer.close()
  await config.close()
})

/** The command as a process of its own; fails when a piece of a token is in what it prints. */
async function explain(args: readonly string[], stdin = '', secret = token) {
  const child = spawn(process.execPath, ['src/main.ts', 'explain', '-c', config.file, ...args], {
    ...{ cwd: ROOT, env: { PATH: process.env.PATH ?? '' } },
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk) => (out += chunk))
  child.stderr.on('data', (chunk) => (err += chunk))
  child.stdin.end(stdin)
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  for (const part of secret.split('.')) expect(out + err).not.toContain(part)
  return { code, out, err }
}

const curl = (value: string) => `curl -s 'http://gateway.example/orders/7' \\\n  -H 'Authorization: Bearer ${value}'`

describe('scopegate explain with a token', () => {
  it('prints no token that is none by its looks, wherever it stands', async () => {
    const io = createTestIo()
    const line = "curl 'http://h/open?key=opaque-secret' -H 'Authorization: Bearer opaque-secret'"
    await dispatch(io, ['explain', '-c', config.file, '--offline', '--curl', line, '--json'], '1.2.3')
    expect(JSON.parse(io.out).upstream.path).toBe('/open?key=[token]')
    expect(io.out + io.err).not.toContain('opaque-secret')
  })

  it('checks the signature with the keys of the issuer, and prints no token', async () => {
    const { code, out, err } = await explain(['--curl', '-'], curl(token))
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('GET /orders/7  goes to up')
    expect(out).toContain('signature checked')
    expect(out).toContain('sub u1')
  })

  it('says so when the signature is not good', async () => {
    const forged = withBrokenSignature(token)
    const { out } = await explain(['--curl', '-', '--json'], curl(forged), forged)
    expect(JSON.parse(out)).toMatchObject({
      status: 401,
      code: 'invalid_token',
      reason: 'The signature of the access token is not valid',
      token: { signature: 'checked' },
    })
  })

  it('takes the keys from a file', async () => {
    const file = path.join(path.dirname(config.file), 'jwks.json')
    await writeFile(file, JSON.stringify({ keys: issuer.keys.map(({ publicJwk }) => publicJwk) }))
    const before = issuer.fetches.jwks
    const { out } = await explain(['GET /orders', '--token', '-', '--jwks', file], token)
    expect(out).toContain('signature checked')
    await writeFile(file, JSON.stringify({ keys: [(await generateSigningKey()).publicJwk] }))
    expect((await explain(['GET /orders', '--token', '-', '--jwks', file], token)).out).toContain('401 invalid_token')
    expect(issuer.fetches.jwks).toBe(before)
  })

  it('asks nobody when told so, and says that the signature was not checked', async () => {
    const before = issuer.fetches.discovery
    const { out } = await explain(['GET /orders', '--token', '-', '--offline'], token)
    expect(out).toContain('goes to up')
    expect(out).toContain('signature not checked: --offline')
    expect(issuer.fetches.discovery).toBe(before)
  })

  it('says that the signature was not checked when the keys cannot be had', async () => {
    issuer.behave('discovery', 'error')
    const { out } = await explain(['GET /orders', '--token', '-'], token)
    issuer.behave('discovery', 'ok')
    expect(out).toContain('signature not checked: the keys of the issuer cannot be had')
  })

  it('reads a file, and warns of a token among the arguments', async () => {
    const file = path.join(path.dirname(config.file), 'token')
    await writeFile(file, `${token}\n`)
    expect(await explain(['GET /orders', '--token', `@${file}`])).toMatchObject({ code: 0, err: '' })
    const { err } = await explain(['GET /orders', '--token', token])
    expect(err).toContain('warning: a token among the arguments stays in the history')
  })

  it('prints no token that is sent in another way, or malformed', async () => {
    const broken = `${token}.x`
    for (const line of [
      `curl 'http://h/open?access_token=${token}'`,
      `curl 'http://h/open?token=${token}'`,
      `curl http://h/orders -H 'Authorization: Bearer ${broken}'`,
      `curl http://h/orders -H 'Authorization: Basic ${token}'`,
      `curl http://h/orders -H 'authorization: bearer ${token}' -H 'Authorization: Bearer ${token}'`,
      `curl http://h/orders -H 'X-Token: ${token}' -d '${token}'`,
      `curl 'http://h/${token}'`,
      `wget ${token}`,
    ]) {
      for (const form of [[], ['--json']]) {
        const io = createTestIo()
        await dispatch(io, ['explain', '-c', config.file, '--offline', '--curl', line, ...form], '1.2.3')
        expect(io.out + io.err, line).toMatch(/\S/)
        for (const part of token.split('.')) expect(io.out + io.err).not.toContain(part)
      }
    }
  })
})
