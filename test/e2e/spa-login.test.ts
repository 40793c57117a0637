import { expect, it } from 'vitest'
import { PASSWORDS } from '../support/oidc-client.ts'
import { eventually, keptBy } from '../support/shop-page.ts'
import { describeWithSpa } from './spa-stage.ts'

const [PRODUCT, ORDER, BUY] = ['GET /catalog/tea-pot', 'GET /orders/7', 'POST /orders']

describeWithSpa('and its login', (stage) => {
  it('logs in by the form of Keycloak, after a wrong password too, and says who that is', async () => {
    const shop = await stage.open()
    expect(await shop.session()).toBe('Not logged in.')
    await shop.call(PRODUCT)
    expect(await shop.summary()).toBe('200: Done.')
    await shop.page.getByRole('button', { name: 'Log in', exact: true }).click()
    await shop.fillIn('alice', 'a wrong password')
    await shop.page.getByText('Invalid username or password').waitFor()
    await shop.fillIn('alice', PASSWORDS.alice)
    await eventually(shop.session).toMatch(/^Logged in as Alice Archer, with openid .*orders:read/)
    expect(shop.page.url()).toBe(`${stage.site.origin}/`)
    await shop.call(ORDER)
    expect(await shop.summary()).toBe('200: Done.')
    expect(await shop.page.locator('#body').textContent()).toContain('"tea pot"')
    expect(await shop.page.locator('#details').textContent()).toMatch(/Left of per-user\d+.*Request id\w/)
  })

  it('asks once only for a scope that Keycloak does not give', async () => {
    // Alice is no admin, so from now on Keycloak leaves the scope out without a word.
    const scopes = await stage.realm.get<{ id: string; name: string }[]>('/client-scopes')
    const path = `/client-scopes/${scopes.find(({ name }) => name === 'orders:write')?.id}/scope-mappings/realm`
    const roles = [await stage.realm.get('/roles/admin')]
    await stage.realm.request('POST', path, roles)
    try {
      const shop = await stage.openLoggedIn()
      await shop.call(BUY)
      await shop.action.click()
      await eventually(shop.summary).toBe('The login server gave no orders:write, so this call stays refused.')
      expect(await shop.action.isVisible()).toBe(false)
    } finally {
      await stage.realm.request('DELETE', path, roles)
    }
  })

  it('repeats what Keycloak says when it refuses the login', async () => {
    stage.site.show({ ...stage.settings(), scope: 'openid no-such-scope' })
    const shop = await stage.open()
    await shop.page.getByRole('button', { name: 'Log in', exact: true }).click()
    await eventually(shop.summary).toBe('The login server refused: Invalid scopes: openid no-such-scope.')
  })

  it('renews a token once that the gateway refuses, then asks for a login', async () => {
    const shop = await stage.openLoggedIn()
    stage.aheadMs = 3_600_000
    await shop.call(ORDER)
    expect(await shop.summary()).toBe('401: The access token expired.')
    expect(await shop.action.textContent()).toBe('Log in and try again')
    expect(stage.traces.grants.filter((grant) => grant === 'refresh_token')).toHaveLength(1)
  })

  it('renews a token before it ends, in each of two tabs, while refresh tokens are good for one use', async () => {
    await stage.context.clock.install()
    const first = await stage.openLoggedIn()
    const second = await stage.open()
    expect(await second.session()).toContain('Logged in as Alice Archer')
    for (let round = 1; round <= 2; round++) {
      await stage.context.clock.fastForward(280_000)
      for (const shop of [first, second]) {
        await shop.call(ORDER)
        expect(await shop.summary()).toBe('200: Done.')
      }
      expect(stage.traces.grants.filter((grant) => grant === 'refresh_token')).toHaveLength(2 * round)
    }
  })

  it('logs out in every tab, and Keycloak asks for the password again', async () => {
    const first = await stage.openLoggedIn()
    const second = await stage.open()
    await first.page.getByRole('button', { name: 'Log out' }).click()
    for (const shop of [first, second]) await eventually(shop.session).toBe('Not logged in.')
    await second.call(ORDER)
    expect(await second.summary()).toBe('401: An access token is required.')
    await first.page.getByRole('button', { name: 'Log in', exact: true }).click()
    await first.page.locator('#password').waitFor()
  })

  it('leaves no token in an address, the console, a storage or a cookie, and sends it to the gateway alone', async () => {
    const shop = await stage.openLoggedIn()
    await shop.call(BUY)
    await shop.action.click()
    await eventually(shop.summary).toBe('201: Done.')
    const kept = [await keptBy(shop)]
    await shop.page.getByRole('button', { name: 'Log out' }).click()
    await eventually(shop.session).toBe('Not logged in.')
    kept.push(await keptBy(shop))
    expect(stage.traces.tokens.size).toBeGreaterThanOrEqual(6)
    for (const token of stage.traces.tokens) {
      const secret = token.split('.').at(-1) ?? token
      for (const place of [...stage.traces.urls, ...stage.traces.console, ...kept]) expect(place).not.toContain(secret)
    }
    expect([...stage.traces.authorized]).toEqual([stage.gateway.url])
    expect(stage.traces.console.join('\n')).not.toMatch(/Content Security Policy|TrustedScript/)
    expect(kept.join('\n')).not.toMatch(/kc-callback|code_verifier/i)
  })
})
