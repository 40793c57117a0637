/** An upstream that believes everything: bare line feeds, any spelling of a field, any framing. It records what it took. */
import type { Socket } from 'node:net'
import { startRawUpstream } from '../support/upstream.ts'

export interface TakenRequest {
  readonly method: string
  readonly target: string
  /** Names as they arrived. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly body: string
}

export interface LenientUpstream {
  readonly url: string
  /** In the order of their arrival; a smuggled one would be among them. */
  readonly taken: readonly TakenRequest[]
  /** Every byte that arrived. */
  text(): string
  /** Values of a field of the last request, by its name in lower case. */
  lastField(name: string): readonly string[]
  /** Forgets what was taken. */
  clear(): void
  /** Bytes of the next answers; default: 200 with `ok`. */
  answer: string
  close(): Promise<void>
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok'

export async function startLenientUpstream(): Promise<LenientUpstream> {
  const taken: TakenRequest[] = []
  const raw = await startRawUpstream((socket) => takeFrom(socket))
  let clearedAt = 0
  const self: LenientUpstream = {
    url: raw.url,
    taken,
    text: () => raw.text().slice(clearedAt),
    lastField: (name) =>
      (taken.at(-1)?.fields ?? []).filter((field) => field[0].toLowerCase() === name).map(([, value]) => value),
    clear() {
      taken.length = 0
      clearedAt = raw.text().length
      self.answer = OK
    },
    answer: OK,
    close: raw.close,
  }
  return self

  function takeFrom(socket: Socket): void {
    let pending = ''
    socket.on('data', (chunk) => {
      pending += chunk.toString('latin1')
      for (let read = readRequest(pending); read !== undefined; read = readRequest(pending)) {
        pending = read.rest
        taken.push(read.request)
        socket.write(self.answer, 'latin1')
      }
    })
  }
}

function readRequest(text: string): { readonly request: TakenRequest; readonly rest: string } | undefined {
  const head = /^(?:\r?\n)*([\s\S]*?)\r?\n\r?\n/.exec(text)
  if (head === null) return undefined
  const [line = '', ...lines] = (head[1] ?? '').split(/\r\n|\n|\r/)
  const fields = lines.map((field): readonly [string, string] => {
    const colon = field.indexOf(':')
    return colon === -1 ? [field, ''] : [field.slice(0, colon).trim(), field.slice(colon + 1).trim()]
  })
  const firstOf = (wanted: string) => fields.find(([name]) => name.toLowerCase().replaceAll('_', '-') === wanted)?.[1]
  const after = text.slice(head[0].length)
  const body = /chunked/i.test(firstOf('transfer-encoding') ?? '')
    ? readChunks(after)
    : readLength(after, Number.parseInt(firstOf('content-length') ?? '0', 10) || 0)
  if (body === undefined) return undefined
  const [method = '', target = ''] = line.split(' ')
  return { request: { method, target, fields, body: body.text }, rest: body.rest }
}

function readLength(text: string, length: number): { text: string; rest: string } | undefined {
  return text.length < length ? undefined : { text: text.slice(0, length), rest: text.slice(length) }
}

function readChunks(text: string): { text: string; rest: string } | undefined {
  let body = ''
  for (let at = 0; ; ) {
    const lineEnd = text.indexOf('\n', at)
    if (lineEnd === -1) return undefined
    const size = Number.parseInt(text.slice(at, lineEnd), 16) || 0
    const end = lineEnd + 1 + size
    if (text.length < end + 1) return undefined
    if (size === 0) return { text: body, rest: text.slice(text.indexOf('\n', end) + 1) }
    body += text.slice(lineEnd + 1, end)
    at = text.indexOf('\n', end) + 1
  }
}
