import { describe, expect, it } from 'vitest'
import { createAdminAccess, isLoopback } from '../../../src/http/admin-access.ts'
import { createTestClock } from '../../support/clock.ts'

const PASSWORD = 'correct horse battery staple'

type Fields = Readonly<Record<string, string>>

function status(
  fields: Fields,
  { method = 'GET', path = '/console/state', ...config } = {} as Record<string, unknown>,
) {
  const judge = createAdminAccess({ host: '127.0.0.1', port: 9090, ...config }, () => 0)
  const all: Fields = { host: '127.0.0.1:9090', ...fields }
  return (
    judge({ method: String(method), path: String(path), address: '127.0.0.1', header: (name) => all[name] })?.status ??
    200
  )
}

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

describe('the pages for people: by which name they are asked', () => {
  it.each([
    ['127.0.0.1:9090', 200],
    ['127.0.0.1', 200],
    ['[::1]:9090', 200],
    ['10.1.2.3:9090', 200],
    ['localhost:9090', 200],
    ['LOCALHOST', 200],
    ['admin.internal:9090', 200],
    ['Admin.Internal', 200],
    ['attacker.example', 421],
    ['127.0.0.1.attacker.example', 421],
    ['localhost.attacker.example', 421],
    ['admin.internal.attacker.example', 421],
    ['user@attacker.example', 421],
    ['', 421],
    ['a b', 421],
  ])('Host: %s is answered with %d', (host, expected) => {
    expect(status({ host }, { names: ['admin.internal'] })).toBe(expected)
  })

  it('the host of the file is known by its name', () => {
    expect(status({ host: 'gateway:9090' }, { host: 'gateway' })).toBe(200)
    expect(status({ host: 'gateway:9090' })).toBe(421)
  })
})

describe('the pages for people: which pages of the web may ask', () => {
  it.each<[string, Fields, number]>([
    ['a command', {}, 200],
    ['the page itself', { 'sec-fetch-site': 'same-origin' }, 200],
    ['a person who typed the address', { 'sec-fetch-site': 'none' }, 200],
    ['another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a sister of this site', { 'sec-fetch-site': 'same-site' }, 403],
    ['a word that nobody knows', { 'sec-fetch-site': 'other' }, 403],
    ['its own origin', { origin: 'http://127.0.0.1:9090' }, 200],
    ['its own origin behind TLS', { origin: 'https://127.0.0.1:9090' }, 200],
    ['another origin', { origin: 'https://attacker.example' }, 403],
    ['another port', { origin: 'http://127.0.0.1:8080' }, 403],
    ['an origin without a name', { origin: 'null' }, 403],
  ])('%s', (_, fields, expected) => {
    expect(status(fields)).toBe(expected)
  })

  it('lets people follow a link to the page, and to nothing behind it', () => {
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
    expect(status(link, { path: '/console' })).toBe(200)
    expect(status(link, { path: '/console', method: 'POST' })).toBe(403)
    expect(status({ ...link, 'sec-fetch-dest': 'iframe' }, { path: '/console' })).toBe(403)
    expect(status({ ...link, 'sec-fetch-mode': 'no-cors' }, { path: '/console' })).toBe(403)
    expect(status(link, { path: '/console/state' })).toBe(403)
    expect(status(link, { path: '/config/status' })).toBe(403)
  })
})

describe('the pages for people: the password', () => {
  it.each<[string, string | undefined, number]>([
    ['of any user', basic(`ops:${PASSWORD}`), 200],
    ['without a user', basic(`:${PASSWORD}`), 200],
    ['as a bearer token', `Bearer ${PASSWORD.replaceAll(' ', '-')}`, 401],
    ['as the user', basic(`${PASSWORD}:`), 401],
    ['without a colon', basic(PASSWORD), 401],
    ['that is another', basic('ops:correct horse battery stapl'), 401],
    ['that is longer', basic(`ops:${PASSWORD}e`), 401],
    ['that is empty', basic('ops:'), 401],
    ['that is none', undefined, 401],
    ['in another scheme', `Digest ${PASSWORD}`, 401],
  ])('%s', (_, authorization, expected) => {
    expect(status(authorization === undefined ? {} : { authorization }, { password: PASSWORD })).toBe(expected)
  })

  it('is a bearer token as well', () => {
    expect(status({ authorization: 'bearer 0123456789abcdef' }, { password: '0123456789abcdef' })).toBe(200)
  })

  it('counts guesses by address, and no more of them than ten in a minute', () => {
    const clock = createTestClock()
    const judge = createAdminAccess({ host: '127.0.0.1', port: 9090, password: PASSWORD }, clock.now)
    const ask = (address: string, authorization?: string) => {
      const fields: Record<string, string | undefined> = { host: '127.0.0.1:9090', authorization }
      return judge({ method: 'GET', path: '/console', address, header: (name) => fields[name] })
    }
    for (let i = 0; i < 20; i += 1) expect(ask('10.0.0.1')?.status).toBe(401)
    for (let i = 0; i < 10; i += 1) expect(ask('10.0.0.1', basic(`ops:guess ${i}`))?.status).toBe(401)
    const right = basic(`ops:${PASSWORD}`)
    expect(ask('10.0.0.1', right)).toMatchObject({ status: 429, headers: { 'Retry-After': '60' } })
    expect(ask('10.0.0.1')?.status).toBe(401)
    expect(ask('10.0.0.2', right)).toBeUndefined()
    clock.advance(60_000)
    expect(ask('10.0.0.1', right)).toBeUndefined()
  })

  it('does not open the pages to other sites', () => {
    const authorization = basic(`ops:${PASSWORD}`)
    expect(status({ authorization, 'sec-fetch-site': 'cross-site' }, { password: PASSWORD })).toBe(403)
    expect(status({ authorization, host: 'attacker.example' }, { password: PASSWORD })).toBe(421)
  })
})

describe('isLoopback', () => {
  it.each(['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1'])('%s is', (address) => {
    expect(isLoopback(address)).toBe(true)
  })

  it.each(['0.0.0.0', '::', '10.0.0.1', '1127.0.0.1', '127.0.0.1.example', '::ffff:10.0.0.1', '::127.0.0.1'])(
    '%s is not',
    (address) => {
      expect(isLoopback(address)).toBe(false)
    },
  )
})
