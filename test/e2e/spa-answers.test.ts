import { expect, it } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { PASSWORDS } from '../support/oidc-client.ts'
import { eventually } from '../support/shop-page.ts'
import { describeWithSpa } from './spa-stage.ts'

const [PRODUCT, ORDER, BUY, REFUND] = ['GET /catalog/tea-pot', 'GET /orders/7', 'POST /orders', 'POST /refunds']

describeWithSpa('and the answers of the gateway', (stage) => {
  it('shows which scope a 403 is about, gets it without another form, and repeats the call', async () => {
    const shop = await stage.openLoggedIn()
    await shop.call(BUY)
    expect(await shop.summary()).toBe('403: The access token does not allow this request. It lacks orders:write.')
    expect(await shop.action.textContent()).toBe('Ask for orders:write and try again')
    await shop.action.click()
    await eventually(shop.summary).toBe('201: Done.')
    expect(await shop.session()).toContain('orders:write')
    expect(await shop.page.evaluate('document.activeElement.id')).toBe('answer-heading')
  })

  it('counts a 429 down by Retry-After, and then lets the call be tried again', async () => {
    await stage.context.clock.install()
    const shop = await stage.openLoggedIn()
    await shop.call(REFUND)
    await shop.action.click()
    await eventually(shop.summary).toBe('201: Done.')
    await shop.call(REFUND)
    await shop.call(REFUND)
    await shop.call(REFUND)
    expect(await shop.summary()).toBe('429: Too many requests.')
    expect(await shop.action.isDisabled()).toBe(true)
    expect(await shop.countdown.textContent()).toMatch(/^in (60|5\d) seconds$/)
    await stage.context.clock.fastForward(30_000)
    await eventually(() => shop.countdown.textContent()).toMatch(/^in [123]\d seconds$/)
    expect(await shop.action.isDisabled()).toBe(true)
    await stage.context.clock.fastForward(31_000)
    await eventually(shop.summary).toBe('You can try again now.')
    expect(await shop.countdown.textContent()).toBe('')
    stage.windowsAheadMs += 61_000
    await shop.action.click()
    await eventually(shop.summary).toBe('201: Done.')
  })

  it('offers a login for a 401, and goes on with the call after it', async () => {
    const shop = await stage.open()
    await shop.call(ORDER)
    expect(await shop.summary()).toBe('401: An access token is required.')
    await shop.action.click()
    await shop.fillIn('alice', PASSWORDS.alice)
    await eventually(shop.summary).toBe('200: Done.')
    await shop.page.getByLabel('without the token').check()
    await shop.call(ORDER)
    expect(await shop.summary()).toBe('401: An access token is required.')
  })

  it('says so when this computer is offline, the gateway is gone or does not know the page', async () => {
    const shop = await stage.openLoggedIn()
    await stage.context.setOffline(true)
    await shop.call(ORDER)
    expect(await shop.summary()).toBe('No answer: This computer is offline.')
    await stage.context.setOffline(false)
    await shop.action.click()
    await eventually(shop.summary).toBe('200: Done.')
    for (const gone of [`http://127.0.0.1:${await freePort()}`, stage.orders.url]) {
      stage.site.show({ ...stage.settings(), gateway: gone })
      const other = await stage.open()
      await other.call(ORDER)
      expect(await other.summary()).toBe(
        `No answer: ${gone} cannot be reached, or does not let this page read its answers.`,
      )
      expect(await other.violations()).toEqual([])
    }
  })

  it('says so when the login server is gone, and calls what needs no token', async () => {
    const gone = `http://127.0.0.1:${await freePort()}/realms/shop`
    stage.site.show({ ...stage.settings(), issuer: gone })
    const shop = await stage.open()
    await eventually(shop.summary).toBe(`The login server ${gone} cannot be reached.`)
    expect(await shop.violations()).toEqual([])
    await shop.call(PRODUCT)
    expect(await shop.summary()).toBe('200: Done.')
  })

  it('breaks no rule of axe in any state, light or dark', async () => {
    const shop = await stage.open()
    const broken: Record<string, string[]> = { 'logged out': await shop.violations() }
    await shop.call(ORDER)
    broken['401'] = await shop.violations()
    await shop.login('alice', PASSWORDS.alice)
    broken['logged in'] = await shop.violations()
    await shop.call(ORDER)
    broken['200'] = await shop.violations()
    await shop.call(REFUND)
    broken['403'] = await shop.violations()
    await shop.action.click()
    await eventually(shop.summary).toMatch(/^(201|429)/)
    for (let calls = 0; !(await shop.summary()).startsWith('429'); calls++) {
      expect(calls).toBeLessThan(4)
      await shop.call(REFUND)
    }
    broken['429'] = await shop.violations()
    expect(Object.values(broken).flat(), JSON.stringify(broken, undefined, 1)).toEqual([])
  })

  it('is worked by the keyboard alone', async () => {
    const shop = await stage.openLoggedIn()
    await shop.page.getByRole('button', { name: ORDER }).focus()
    await shop.page.keyboard.press('Tab')
    expect(await shop.page.evaluate('document.activeElement.textContent')).toBe(BUY)
    await shop.page.keyboard.press('Enter')
    await eventually(shop.summary).toMatch(/^403/)
    await shop.action.focus()
    await shop.page.keyboard.press('Space')
    await eventually(shop.summary).toBe('201: Done.')
    await shop.page.keyboard.press('Tab')
    const next = await shop.page.evaluate<string>('document.activeElement.id || document.activeElement.tagName')
    expect(['login', 'logout', 'BODY']).toContain(next)
  })
})
