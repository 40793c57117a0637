/** HTTP as bytes over a socket: what a test sends is what arrives. */
import net from 'node:net'
import tls from 'node:tls'

export interface RawAnswer {
  readonly status: number
  /** Lower-case name → values in order. */
  readonly headers: ReadonlyMap<string, readonly string[]>
  readonly body: string
  readonly text: string
}

/** Sends bytes, reads until the peer closes, and returns everything as latin1 text. */
export function sendRaw(url: string, bytes: string | Buffer, { secure = false } = {}): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const options = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) }
    const socket = secure ? tls.connect({ ...options, rejectUnauthorized: false }) : net.connect(options)
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
    })
    socket.on('close', () => resolve(text))
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' ? resolve(text) : reject(error)))
    socket.write(bytes)
  })
}

/** One request of lines without line ends, `Connection: close` added; the parsed answer. */
export async function request(url: string, lines: readonly string[], body = ''): Promise<RawAnswer> {
  const { host } = new URL(url)
  const [start = '', ...fields] = lines
  const hasHost = fields.some((field) => /^host\s*:/i.test(field))
  const head = [start, ...(hasHost ? [] : [`Host: ${host}`]), ...fields, 'Connection: close'].join('\r\n')
  return parseAnswer(await sendRaw(url, Buffer.from(`${head}\r\n\r\n${body}`, 'latin1')))
}

/** The first final answer in `text`; 101 is one. Chunked bodies are put together. */
export function parseAnswer(text: string): RawAnswer {
  let rest = text
  while (/^HTTP\/1\.1 1(?!01)\d\d /.test(rest)) rest = rest.slice(rest.indexOf('\r\n\r\n') + 4)
  const end = rest.indexOf('\r\n\r\n')
  const [statusLine = '', ...fields] = rest.slice(0, end).split('\r\n')
  const headers = new Map<string, string[]>()
  for (const field of fields) {
    const colon = field.indexOf(':')
    const name = field.slice(0, colon).toLowerCase()
    headers.set(name, [...(headers.get(name) ?? []), field.slice(colon + 1).trim()])
  }
  const raw = rest.slice(end + 4)
  const body = headers.get('transfer-encoding')?.[0] === 'chunked' ? joinChunks(raw) : raw
  return { status: Number(statusLine.split(' ')[1] ?? 0), headers, body, text }
}

/** The `code` of a problem (RFC 9457). */
export const codeOf = ({ body }: { readonly body: string }) => (JSON.parse(body) as { code: string }).code

function joinChunks(raw: string): string {
  let at = 0
  let body = ''
  for (;;) {
    const lineEnd = raw.indexOf('\r\n', at)
    const size = Number.parseInt(raw.slice(at, lineEnd), 16)
    if (!(size > 0)) return body
    body += raw.slice(lineEnd + 2, lineEnd + 2 + size)
    at = lineEnd + 2 + size + 2
  }
}
