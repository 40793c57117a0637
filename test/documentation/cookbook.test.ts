/** docs/cookbook.md: every file loads, every request is sent, and every slip is found in the words that stand there. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { dispatch } from '../../src/cli/dispatch.ts'
import { type CookbookRequest, readCookbook, type Situation } from '../support/cookbook.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { request as send } from '../support/raw-http.ts'
import { createTestIssuer, type TestIssuer } from '../support/test-issuer.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'
import { waitFor } from '../support/wait-for.ts'
import { createTestIo } from '../unit/cli/test-io.ts'

type File = Record<string, unknown>

const folder = mkdtempSync(path.join(tmpdir(), 'scopegate-cookbook-'))
const SITUATIONS = readCookbook()

let signer: TestIssuer
beforeAll(async () => {
  signer = await createTestIssuer()
})
afterAll(async () => {
  await signer.close()
  rmSync(folder, { recursive: true })
})

async function run(args: readonly string[], files: Readonly<Record<string, string>>) {
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text)
  const io = createTestIo({ cwd: folder })
  const code = await dispatch(io, args, '1')
  return { code, said: io.out + io.err }
}

/** An echo; /events begins and never ends, and a WebSocket is accepted. */
async function startService(): Promise<TestUpstream> {
  const service = await startUpstream()
  const [echo] = service.server.listeners('request') as http.RequestListener[]
  service.server.removeAllListeners('request')
  service.server.on('request', (incoming, outgoing) => {
    if (incoming.url === '/events')
      outgoing.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
    else echo?.(incoming, outgoing)
  })
  service.server.on('upgrade', (_, socket) => {
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  })
  return service
}

/** A gateway on the file, whose issuers and services stand on this machine. */
class Kitchen {
  readonly #services = new Map<string, TestUpstream>()
  readonly #file: string
  gateway!: TestGateway

  constructor(file: string) {
    this.#file = file
  }

  async open(): Promise<void> {
    this.gateway = await startGateway(await this.#here(this.#file))
  }

  async close(): Promise<void> {
    await this.gateway.close()
    for (const service of this.#services.values()) await service.close()
  }

  /** All requests that services got, each with the address that the file has. */
  received() {
    return [...this.#services].flatMap(([at, { received }]) => received.map((one) => ({ at, ...one })))
  }

  async stop(url: string): Promise<void> {
    await this.#services.get(url)?.close()
  }

  async reload(replace: string, by: string): Promise<void> {
    const digest = async () => {
      const answer = await fetch(`${this.gateway.adminUrl}/config/status`)
      return ((await answer.json()) as { digest: string }).digest
    }
    const before = await digest()
    await this.gateway.rewrite(await this.#here(this.#file.replace(replace, () => by)))
    await waitFor('the new file', async () => (await digest()) !== before)
  }

  async #here(text: string): Promise<File> {
    const file = parse(text)
    for (const issuer of Object.values<File>(file.issuers)) issuer.jwks = signer.jwksUrl
    for (const [name, upstream] of Object.entries<string | { urls: string[] }>(file.upstreams)) {
      if (typeof upstream === 'string') file.upstreams[name] = await this.#serve(upstream)
      else upstream.urls = await Promise.all(upstream.urls.map((url) => this.#serve(url)))
    }
    return file
  }

  async #serve(url: string): Promise<string> {
    const service = this.#services.get(url) ?? (await startService())
    this.#services.set(url, service)
    return service.url
  }
}

async function tokenFor({ token, issuer }: CookbookRequest, file: string): Promise<string | undefined> {
  if (token === undefined) return undefined
  const issuers: Readonly<Record<string, { issuer: string; audience: string; tokenTypes?: readonly string[] }>> =
    parse(file).issuers
  const from = issuer === undefined ? Object.values(issuers)[0] : issuers[issuer]
  const kind = from?.tokenTypes?.includes('at+jwt') ? 'rfc9068' : 'access'
  return signer.mint({ iss: from?.issuer, aud: from?.audience, ...token }, { kind })
}

/** The lines of the head, and the body. */
async function compose(asked: CookbookRequest, file: string): Promise<[lines: string[], body: string]> {
  const token = await tokenFor(asked, file)
  const body = asked['body-sent'] ?? 'x'.repeat(asked['bytes-sent'] ?? 0)
  const fields = [
    ...Object.entries(asked.headers ?? {}).map(([name, value]) => `${name}: ${value}`),
    ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
    ...(body === '' ? [] : [`Content-Length: ${body.length}`]),
  ]
  return [[`${asked.request} HTTP/1.1`, ...fields], body]
}

/** What `request` of raw-http.ts cannot do: a body without end, and a switch of protocols. */
async function begin(url: string, lines: readonly string[], upgrade: string | undefined) {
  const [start = '', ...fields] = lines
  const [method, target] = start.split(' ')
  const headers = Object.fromEntries(fields.map((field) => field.split(/: (.*)/s) as [string, string]))
  const switching = { Connection: 'Upgrade', Upgrade: upgrade, 'Sec-WebSocket-Version': '13' }
  const asked = http.request(url + target, {
    ...{ method, agent: false },
    headers:
      upgrade === undefined ? headers : { ...headers, ...switching, 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' },
  })
  return new Promise<{ status: number; headers: Map<string, string[]>; body: string }>((resolve, reject) => {
    const end = (status = 0, body = '') => {
      asked.destroy()
      resolve({ status, headers: new Map(), body })
    }
    asked.on('error', reject)
    asked.on('upgrade', ({ statusCode }) => end(statusCode))
    asked.on('response', (answer) => {
      if (upgrade !== undefined) end(answer.statusCode)
      else answer.once('data', (chunk) => end(answer.statusCode, String(chunk)))
    })
    asked.end()
  })
}

async function check(kitchen: Kitchen, asked: CookbookRequest, file: string): Promise<void> {
  const [lines, body] = await compose(asked, file)
  if (asked.stopped !== undefined) await kitchen.stop(asked.stopped)
  const { url } = kitchen.gateway
  const isOpen = asked.first !== undefined || asked.upgrade !== undefined
  const answer = isOpen ? await begin(url, lines, asked.upgrade) : await send(url, lines, body)
  expect({ asked, status: answer.status }).toEqual({ asked, status: asked.answer })
  for (const [name, part] of Object.entries(asked.fields ?? {})) {
    const values = answer.headers.get(name.toLowerCase())
    if (part === null) expect(values).toBeUndefined()
    else expect(values?.join(', ')).toContain(part)
  }
  expect(answer.body).toContain(asked.body ?? '')
  if (asked.first !== undefined) expect(answer.body).toContain(asked.first)
}

function checkUpstream(kitchen: Kitchen, wanted: Readonly<Record<string, string | null>>): void {
  const { at, url, rawHeaders } = kitchen.received().at(-1) ?? { at: '', url: '', rawHeaders: [] }
  const fields = new Map(
    rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), rawHeaders[i + 1]]] : [])),
  )
  for (const [name, value] of Object.entries(wanted)) {
    if (name === 'at') expect(at).toBe(value)
    else if (name === 'url') expect(url).toBe(value)
    else expect(fields.get(name.toLowerCase())).toBe(value ?? undefined)
  }
}

async function cook({ file, requests }: Situation): Promise<void> {
  const kitchen = new Kitchen(file)
  await kitchen.open()
  try {
    for (const step of requests) {
      if ('replace' in step) {
        await kitchen.reload(step.replace, step.by)
        continue
      }
      for (let time = 0; time < (step.times ?? 1); time++) await check(kitchen, step, file)
      if (step.upstream !== undefined) checkUpstream(kitchen, step.upstream)
      const { log } = step
      if (log === undefined) continue
      const line = () => kitchen.gateway.logs().findLast((one) => one.status === step.answer)
      await waitFor('the line in the log', () => line() !== undefined)
      expect(line()).toMatchObject(log)
    }
  } finally {
    await kitchen.close()
  }
}

describe('the cookbook', () => {
  it('has at least 20 situations', () => {
    expect(SITUATIONS.length).toBeGreaterThanOrEqual(20)
  })

  describe.each(SITUATIONS)('$title', (situation) => {
    it('has a file that validate finds nothing about, and whose tests are green', async () => {
      const files = { 'scopegate.yaml': situation.file }
      expect(await run(['validate', '--strict'], files)).toMatchObject({
        code: 0,
        said: expect.stringMatching(/^ok: /),
      })
      expect(await run(['test'], files)).toMatchObject({ code: 0 })
    })

    it('answers its requests as it says', async () => {
      await cook(situation)
    })

    it('says what stands there of the slip', async () => {
      const files = { 'scopegate.yaml': situation.slipped, 'before.yaml': situation.file }
      const isDiff = situation.says.startsWith('Newly allowed')
      const { said } = await run(isDiff ? ['diff', 'before.yaml', 'scopegate.yaml'] : ['validate'], files)
      for (const line of situation.says.split('\n')) expect(said).toContain(line)
    })
  })
})
