import { describe, expect, it } from 'vitest'
import { escapeHtml, loginPage, pageHeaders } from '../../../src/dev/pages.ts'

const hostile = `"><script>alert('x')</script>&`

describe('escapeHtml', () => {
  it('leaves no character that ends text or an attribute', () => {
    expect(escapeHtml(hostile)).not.toMatch(/[<>"']/)
    expect(escapeHtml('&amp;')).toBe('&#38;amp;')
  })
})

describe('loginPage', () => {
  it('escapes every value', () => {
    const html = loginPage({ action: hostile, client: hostile, username: hostile, failed: true })
    expect(html).not.toContain('<script')
    expect(html).not.toContain(`value="">`)
  })

  it('has no script, and says that a login failed only when one did', () => {
    const page = { action: '/x', client: 'shop-spa', username: '' }
    expect(loginPage({ ...page, failed: false })).not.toMatch(/<script| on\w+=|Invalid/)
    expect(loginPage({ ...page, failed: true })).toContain('Invalid username or password.')
  })
})

describe('pageHeaders', () => {
  it('allows no script, no frame, and forms only to this origin and the client', () => {
    const policy = pageHeaders(['http://127.0.0.1:18083'])['Content-Security-Policy']
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).toContain("form-action 'self' http://127.0.0.1:18083;")
    expect(policy).not.toMatch(/script-src|unsafe/)
  })
})
