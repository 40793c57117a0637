/** The API reference page in a browser: its dialog, its calls, and what a test has to know of both. */
import type { BrowserContext, Page } from 'playwright-core'

/** A machine under load takes its time to log in. */
const PATIENCE_MS = 30_000

export interface ReferencePage {
  readonly page: Page
  /** The line above the reference; empty when there is none. */
  notice(): Promise<string>
  /** Opens the dialog, chooses exactly these scopes, and presses Authorize. Resolves with the login's own window. */
  beginLogin(scopes: readonly string[]): Promise<Page>
  /** From the dialog through the form of Keycloak or of the development issuer and back. */
  login(username: string, password: string, scopes: readonly string[]): Promise<void>
  /** What the dialog says of a login that failed. */
  loginError(): Promise<string>
  /** Tries an operation out. */
  call(method: string, path: string): Promise<{ readonly status: string; readonly body: string }>
}

export async function openReference(context: BrowserContext, url: string): Promise<ReferencePage> {
  const page = await context.newPage()
  page.setDefaultTimeout(PATIENCE_MS)
  await page.goto(url)
  await page.locator('.opblock').first().waitFor()
  const dialog = page.locator('.dialog-ux')

  async function beginLogin(scopes: readonly string[]): Promise<Page> {
    await page.locator('.auth-wrapper .authorize').click()
    await dialog.getByText('select none').click()
    for (const scope of scopes) await dialog.locator(`.scopes label[for^="${scope}-"]`).click()
    const opened = context.waitForEvent('page')
    await dialog.locator('.auth-btn-wrapper .authorize').click()
    return opened
  }

  return {
    page,
    beginLogin,
    notice: async () =>
      (await page.locator('#notice').isVisible()) ? ((await page.locator('#notice').textContent()) ?? '') : '',
    async login(username, password, scopes) {
      const window = await beginLogin(scopes)
      const closed = window.waitForEvent('close', { timeout: PATIENCE_MS })
      await window.locator('#username').fill(username)
      await window.locator('#password').fill(password)
      await window.locator('#kc-login').click()
      await closed
      await dialog.getByRole('button', { name: 'Remove authorization' }).waitFor()
      await dialog.locator('.auth-btn-wrapper .btn-done').click()
    },
    loginError: async () => (await dialog.locator('.errors').textContent()) ?? '',
    async call(method, path) {
      const operation = page.locator(`.opblock-${method.toLowerCase()}`).filter({
        has: page.locator(`[data-path="${path}"]`),
      })
      if ((await operation.locator('.try-out__btn').count()) === 0) {
        await operation.locator('.opblock-summary-control').click()
        await operation.locator('.try-out__btn').click()
      }
      await operation.locator('.btn.execute').click()
      const answer = operation.locator('.live-responses-table')
      await answer.waitFor()
      return {
        status: (await answer.locator('.response-col_status').last().textContent()) ?? '',
        body: (await answer.locator('.response-col_description').last().textContent()) ?? '',
      }
    },
  }
}
