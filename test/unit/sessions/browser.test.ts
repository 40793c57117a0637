import { describe, expect, it } from 'vitest'
import { isFromOwnPage, isNavigation, isUnsafe } from '../../../src/sessions/browser.ts'

const OWN = 'https://shop.example'
const SPA = new Set(['https://spa.example'])
const request = (fields: Record<string, string>, method = 'POST', isUpgrade = false) => ({
  ...{ method, isUpgrade },
  header: (name: string) => fields[name],
})

describe('a request with a session that changes something', () => {
  it.each([
    [{ 'sec-fetch-site': 'same-origin' }, true],
    [{ 'sec-fetch-site': 'same-origin', origin: 'null' }, true],
    [{ origin: OWN }, true],
    [{ origin: 'https://spa.example', 'sec-fetch-site': 'same-site' }, true],
    [{ origin: 'https://spa.example' }, true],
    [{}, false],
    [{ 'sec-fetch-site': 'none' }, false],
    [{ 'sec-fetch-site': 'same-site' }, false],
    [{ 'sec-fetch-site': 'cross-site' }, false],
    [{ 'sec-fetch-site': 'cross-site', origin: OWN }, false],
    [{ 'sec-fetch-site': 'same-site', origin: OWN }, false],
    [{ origin: 'null' }, false],
    [{ origin: '' }, false],
    [{ origin: 'http://shop.example' }, false],
    [{ origin: 'https://shop.example:8443' }, false],
    [{ origin: 'https://shop.example.evil.example' }, false],
    [{ origin: 'https://SHOP.example' }, false],
    [{ referer: `${OWN}/app` }, false],
  ] as [Record<string, string>, boolean][])('with %j comes from an own page: %s', (fields, isOwn) => {
    expect(isFromOwnPage(request(fields), OWN, SPA)).toBe(isOwn)
  })

  it('is one of every method but GET and HEAD, and every WebSocket handshake', () => {
    expect(['GET', 'HEAD'].map((method) => isUnsafe(request({}, method)))).toEqual([false, false])
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'get']) {
      expect(isUnsafe(request({}, method))).toBe(true)
    }
    expect(isUnsafe(request({}, 'GET', true))).toBe(true)
  })
})

describe('a request that opens a page', () => {
  it.each([
    [{ 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }, 'GET', true],
    [{ 'sec-fetch-mode': 'navigate' }, 'HEAD', true],
    [{ accept: 'text/html,application/xhtml+xml;q=0.9' }, 'GET', true],
    [{ accept: 'application/json, text/html;q=0.1' }, 'GET', true],
    [{ 'sec-fetch-mode': 'cors', accept: 'text/html' }, 'GET', false],
    [{ 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }, 'GET', false],
    [{ 'sec-fetch-mode': 'navigate' }, 'POST', false],
    [{ accept: '*/*' }, 'GET', false],
    [{ accept: 'text/htmlx' }, 'GET', false],
    [{}, 'GET', false],
  ] as [Record<string, string>, string, boolean][])('has %j with %s: %s', (fields, method, isPage) => {
    expect(isNavigation(request(fields, method))).toBe(isPage)
  })
})
