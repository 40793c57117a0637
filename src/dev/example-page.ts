/** Serves examples/spa: a fixed list of files, and settings that name the gateway and the issuer. For one's own machine. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { close, listen } from './listen.ts'

export interface PageSettings {
  /** Base URL of the gateway. */
  readonly gateway: string
  /** Issuer identifier. */
  readonly issuer: string
  readonly clientId: string
  /** Scopes to log in with, separated by blanks. */
  readonly scope: string
}

export interface ExamplePage {
  /** Its origin, such as `http://127.0.0.1:18083`. */
  readonly origin: string
  /** From now on the page is answered; before, that it is not there yet. */
  show(settings: PageSettings): void
  /** Stops listening and cuts what is open. */
  close(): Promise<void>
}

const FILES: Readonly<Record<string, readonly [file: string, type: string]>> = {
  '/': ['index.html', 'text/html'],
  '/callback': ['callback.html', 'text/html'],
  '/app.js': ['app.js', 'text/javascript'],
  '/callback.js': ['callback.js', 'text/javascript'],
  '/calls.js': ['calls.js', 'text/javascript'],
  '/gateway.js': ['gateway.js', 'text/javascript'],
  '/session.js': ['session.js', 'text/javascript'],
  '/view.js': ['view.js', 'text/javascript'],
  '/style.css': ['style.css', 'text/css'],
  '/icon.svg': ['icon.svg', 'image/svg+xml'],
}

/** Listens on loopback; port 0 is any. Throws when the port is taken, and without the optional package keycloak-js. */
export async function startExamplePage(port: number): Promise<ExamplePage> {
  const files = await readFiles()
  let settings: PageSettings | undefined
  const server = createServer((request, response) => answer(request, response, files, settings, origin))
  const origin = `http://127.0.0.1:${await listen(server, '127.0.0.1', port)}`
  return {
    origin,
    show(next) {
      settings = next
    },
    close: () => close(server),
  }
}

type Files = ReadonlyMap<string, { readonly type: string; readonly content: string }>

async function readFiles(): Promise<Files> {
  // The source is two folders below the top, the bundle one.
  const folders = ['../../examples/spa/', '../examples/spa/'].map((path) => new URL(path, import.meta.url))
  const folder = folders.find((candidate) => existsSync(candidate)) ?? folders[0]
  const files = Object.entries(FILES).map(async ([path, [file, type]]) => {
    return [path, { type, content: await readFile(new URL(file, folder), 'utf8') }] as const
  })
  const library = { type: 'text/javascript', content: await readFile(findLibrary(), 'utf8') }
  return new Map([...(await Promise.all(files)), ['/keycloak.js', library]])
}

function findLibrary(): string {
  try {
    return createRequire(import.meta.url).resolve('keycloak-js')
  } catch (cause) {
    throw new Error('The example page needs the optional package keycloak-js: npm install', { cause })
  }
}

function answer(
  { method = '', url = '', headers }: IncomingMessage,
  response: ServerResponse,
  files: Files,
  settings: PageSettings | undefined,
  origin: string,
): void {
  const path = url.split('?')[0] ?? ''
  if (method !== 'GET' && method !== 'HEAD') return void response.writeHead(405, { Allow: 'GET, HEAD' }).end()
  // Under another name it would be another origin, which neither the issuer nor the gateway knows.
  if (headers.host !== new URL(origin).host) return void response.writeHead(308, { Location: `${origin}/` }).end()
  if (settings === undefined) return void response.writeHead(503, { 'Retry-After': '1' }).end()
  const json = { type: 'application/json', content: JSON.stringify(settings) }
  const file = path === '/settings.json' ? json : files.get(path)
  if (file === undefined) return void response.writeHead(404).end()
  response.writeHead(200, {
    'Content-Type': `${file.type}; charset=utf-8`,
    'Content-Length': Buffer.byteLength(file.content),
    'Content-Security-Policy': contentSecurityPolicy(settings, path === '/callback'),
    'Cache-Control': 'no-cache',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
  })
  response.end(method === 'HEAD' ? undefined : file.content)
}

/** Scripts of this origin alone, and nothing is asked of others but the gateway and the issuer. */
function contentSecurityPolicy({ gateway, issuer }: PageSettings, isFramed: boolean): string {
  const login = new URL(issuer).origin
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${new URL(gateway).origin} ${login}`,
    `frame-src 'self' ${login}`, // the search for a session, and its way back
    `form-action 'self' ${login}`, // logout is a form, so that no token stands in an address
    `frame-ancestors ${isFramed ? "'self'" : "'none'"}`,
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')
}
