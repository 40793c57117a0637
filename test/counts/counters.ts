/**
 * Loaded into a gateway's process before the program itself (`node --import`): counts work where Node hands it on, and
 * answers the questions of `counted-gateway.ts`. Only what COUNT names is counted, for counting some things disturbs others.
 */
import { createHook } from 'node:async_hooks'
import crypto from 'node:crypto'
import fs from 'node:fs'
import { IncomingMessage, ServerResponse } from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import { Socket } from 'node:net'
import { answerQuestions } from './answers.ts'

const counts: Record<string, number> = {}

function count(what: string, by = 1): void {
  counts[what] = (counts[what] ?? 0) + by
}

/** A method that is counted before it runs; `nameOf` may look at what it is called with. */
function countCalls<This extends object>(
  owner: This,
  method: keyof This,
  nameOf: (self: unknown, args: readonly unknown[]) => string,
): void {
  const original = owner[method] as (...args: unknown[]) => unknown
  const counted = function (this: unknown, ...args: unknown[]): unknown {
    count(nameOf(this, args))
    return original.apply(this, args)
  }
  Object.defineProperty(owner, method, { value: counted, writable: true, configurable: true })
}

const LINE_FEED = 0x0a

const COUNTERS: Readonly<Record<string, () => void | Promise<void>>> = {
  verifications() {
    countCalls(crypto.webcrypto.subtle.constructor.prototype, 'verify', () => 'verifications')
    countCalls(crypto, 'verify', () => 'verifications')
    countCalls(crypto, 'createVerify', () => 'verifications')
  },

  /** Of lines and bytes, and how often the time to write had come. */
  log() {
    const { writeSync } = fs
    fs.writeSync = ((fd: number, bytes: Uint8Array) => {
      const taken = writeSync(fd, bytes)
      count('log writes')
      count('log lines', bytes.subarray(0, taken).filter((byte) => byte === LINE_FEED).length)
      count('log bytes', taken)
      return taken
    }) as typeof writeSync
    const { setInterval } = globalThis
    globalThis.setInterval = ((run: (...args: unknown[]) => void, ms: number, ...args: unknown[]) =>
      setInterval(() => {
        count(`ticks of ${ms} ms`)
        run(...args)
      }, ms)) as typeof setInterval
  },

  /**
   * Each of these is one write to the kernel, by the port of the peer; those to clients together. What goes to it in
   * several pieces costs more than what was put together before.
   */
  writes() {
    const peerOf = (socket: unknown) => {
      const { server, remotePort } = socket as Socket & { readonly server?: unknown }
      return server ? 'clients' : remotePort
    }
    countCalls(Socket.prototype, '_write', (socket) => {
      count(`pieces to ${peerOf(socket)}`)
      return `writes to ${peerOf(socket)}`
    })
    countCalls(Socket.prototype as Required<Socket>, '_writev', (socket, [pieces]) => {
      count(`pieces to ${peerOf(socket)}`, (pieces as unknown[]).length)
      return `writes to ${peerOf(socket)}`
    })
  },

  /** How often each request's fields are looked at, and what is done to the fields of an answer. */
  async fields() {
    const { Transfer } = await import('../../src/forwarding/transfer.ts')
    const known = new WeakMap<object, unknown>()
    Object.defineProperty(IncomingMessage.prototype, 'rawHeaders', {
      configurable: true,
      get(this: object) {
        return known.get(this)
      },
      set(this: object, fields: string[]) {
        count('request fields', fields.length)
        known.set(this, countingReads(fields, 'reads of request fields'))
      },
    })
    const { onHead } = Transfer.prototype
    Transfer.prototype.onHead = function (status, fields, resume) {
      count('answer fields', fields.length)
      onHead.call(this, status, countingReads(fields, 'reads of answer fields'), resume)
    }
    countCalls(ServerResponse.prototype, 'writeHead', () => 'heads written')
    for (const method of ['setHeader', 'appendHeader', 'getHeader', 'getHeaders', 'hasHeader', 'removeHeader'] as const)
      countCalls(ServerResponse.prototype, method, () => 'answer fields one by one')
  },

  /** Promises, timers and all else that Node keeps an account of, by type. */
  resources() {
    createHook({ init: (_, type) => count(type) }).enable()
  },
}

/** Looks at elements are counted; `length` is none. */
function countingReads(list: string[], name: string): string[] {
  return new Proxy(list, {
    get(target, key) {
      if (typeof key === 'string' && /^\d+$/.test(key)) count(name)
      return Reflect.get(target, key)
    },
  })
}

for (const name of (process.env.COUNT ?? '').split(' ').filter((word) => word !== '')) await COUNTERS[name]?.()
syncBuiltinESMExports()
answerQuestions(counts)
