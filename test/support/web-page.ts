/** Origins that serve an empty page, and what a page there gets from `fetch`. */
import type { Frame, Page } from 'playwright-core'
import { startUpstream } from './upstream.ts'

export interface WebOrigin {
  /** By address: `http://127.0.0.1:<port>`. */
  readonly origin: string
  /** The same server by name: for a browser that is somebody else. */
  readonly byName: string
  close(): Promise<void>
}

export async function startWebOrigin(): Promise<WebOrigin> {
  const { url, close } = await startUpstream((_, outgoing) => {
    outgoing.setHeader('Content-Type', 'text/html; charset=utf-8').end('<!doctype html><title>a page</title>')
  })
  return { origin: url, byName: url.replace('127.0.0.1', 'localhost'), close }
}

/** What `fetch` takes, as far as it can be handed to a page. */
export interface PageRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly mode?: 'cors' | 'no-cors'
  readonly credentials?: 'omit' | 'same-origin' | 'include'
  readonly cache?: 'default' | 'no-store' | 'force-cache'
}

/** What the script of a page sees of an answer. `fields` are those that it may read, by lower-case name. */
export interface PageAnswer {
  /** 0: an opaque answer. */
  readonly status: number
  readonly type: string
  readonly fields: Readonly<Record<string, string>>
  readonly body: string
}

/** An answer, or `unreadable` when the promise of `fetch` is rejected: all that a page learns of what it may not read. */
export function fetchFrom(
  page: Page | Frame,
  url: string,
  options: PageRequest = {},
): Promise<PageAnswer | 'unreadable'> {
  return page.evaluate(
    async ([address, init]) => {
      try {
        const answer = await fetch(address, init)
        const fields = Object.fromEntries(answer.headers.entries())
        return { status: answer.status, type: answer.type, fields, body: await answer.text() }
      } catch {
        return 'unreadable'
      }
    },
    [url, options] as const,
  )
}
