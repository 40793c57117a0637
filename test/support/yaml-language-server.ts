/** A YAML language server as an editor runs it: a process of its own, spoken to in the Language Server Protocol over its streams. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const ROOT = new URL('../../', import.meta.url).pathname
const SERVER = fileURLToPath(import.meta.resolve('yaml-language-server/bin/yaml-language-server'))

interface Position {
  /** Both from 0. */
  readonly line: number
  readonly character: number
}

export interface Completion {
  readonly label: string
  readonly documentation?: string | { readonly value: string }
}

export interface Diagnostic {
  readonly range: { readonly start: Position; readonly end: Position }
  readonly message: string
}

interface Message {
  readonly id?: number | string
  readonly method?: string
  readonly params?: unknown
  readonly result?: unknown
  readonly error?: { readonly message: string }
}

export interface Editor {
  /** Opens a document under the path that it would have in the folder; resolves when the server has checked it. */
  readonly open: (path: string, text: string) => Promise<readonly Diagnostic[]>
  /** What is offered at a place of the document that was opened under `path`. */
  readonly complete: (path: string, at: Position) => Promise<readonly Completion[]>
  /** What is shown over it; empty: nothing. */
  readonly hover: (path: string, at: Position) => Promise<string>
  readonly close: () => Promise<void>
}

/** Starts the server of `node_modules`, with the settings an editor has by default, but without the catalogue on the web. */
export async function startEditor(folder = ROOT): Promise<Editor> {
  const child = spawn(process.execPath, [SERVER, '--stdio'], { stdio: 'pipe' })
  const connection = connect(child)
  const uri = (path: string) => pathToFileURL(join(folder, path)).href
  await connection.request('initialize', {
    processId: process.pid,
    rootUri: pathToFileURL(folder).href,
    capabilities: {},
  })
  connection.notify('initialized', {})
  const at = (path: string, position: Position) => ({ textDocument: { uri: uri(path) }, position })
  return {
    async open(path, text) {
      const checked = connection.diagnosticsOf(uri(path))
      const textDocument = { uri: uri(path), languageId: 'yaml', version: 1, text }
      connection.notify('textDocument/didOpen', { textDocument })
      return checked
    },
    async complete(path, position) {
      const { items } = await connection.request<{ items: Completion[] }>('textDocument/completion', at(path, position))
      return items
    },
    async hover(path, position) {
      const found = await connection.request<{ contents: { value: string } } | null>(
        'textDocument/hover',
        at(path, position),
      )
      return found?.contents.value ?? ''
    },
    async close() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      await connection.request('shutdown', null)
      connection.notify('exit', null)
      await ended
    },
  }
}

function connect(child: ChildProcessWithoutNullStreams) {
  const answers = new Map<number, (message: Message) => void>()
  const diagnostics = new Map<string, (found: readonly Diagnostic[]) => void>()
  let lastId = 0
  const send = (message: Message) => {
    const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message }))
    child.stdin.write(`Content-Length: ${body.length}\r\n\r\n`)
    child.stdin.write(body)
  }
  const receive = (message: Message) => {
    const { id, method } = message
    if (method === undefined) answers.get(Number(id))?.(message)
    else if (id !== undefined) send({ id, result: answerTo(method, message.params) })
    else if (method === 'textDocument/publishDiagnostics') {
      const { uri, diagnostics: found } = message.params as { uri: string; diagnostics: Diagnostic[] }
      diagnostics.get(uri)?.(found)
    }
  }
  readMessages(child, receive)
  return {
    notify: (method: string, params: unknown) => send({ method, params }),
    request: <T>(method: string, params: unknown) =>
      new Promise<T>((resolve, reject) => {
        lastId += 1
        answers.set(lastId, ({ result, error }) => (error ? reject(new Error(error.message)) : resolve(result as T)))
        send({ id: lastId, method, params })
      }),
    diagnosticsOf: (uri: string) => new Promise<readonly Diagnostic[]>((resolve) => void diagnostics.set(uri, resolve)),
  }
}

/** The server asks for its settings by section; what an editor does not set is null. */
function answerTo(method: string, params: unknown): unknown {
  if (method !== 'workspace/configuration') return null
  const settings = { validate: true, hover: true, completion: true, schemaStore: { enable: false } }
  return (params as { items: { section: string }[] }).items.map(({ section }) => (section === 'yaml' ? settings : null))
}

function readMessages({ stdout }: ChildProcessWithoutNullStreams, receive: (message: Message) => void): void {
  let read = Buffer.alloc(0)
  stdout.on('data', (chunk: Buffer) => {
    read = Buffer.concat([read, chunk])
    for (let end = read.indexOf('\r\n\r\n'); end >= 0; end = read.indexOf('\r\n\r\n')) {
      const [, length] = /Content-Length: (\d+)/i.exec(read.subarray(0, end).toString()) ?? []
      const next = end + 4 + Number(length)
      if (read.length < next) return
      receive(JSON.parse(read.subarray(end + 4, next).toString()))
      read = read.subarray(next)
    }
  })
}
