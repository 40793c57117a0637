// The pictures of the example page and of the API reference page in docs/: `npm run pictures`. Needs Chromium.
import { writeFile } from 'node:fs/promises'
import { launchBrowser } from '../test/support/browser.ts'
import { ANY_PORT, printed, spawnDev } from '../test/support/dev-command.ts'
import { openReference } from '../test/support/reference-page.ts'
import { openShop } from '../test/support/shop-page.ts'

const dev = spawnDev(ANY_PORT)
await printed(dev, '/metrics')
const [, origin = '', user = '', password = ''] =
  /^page +(http:\S+) \(log in as (\S+) with (\S+)\)$/m.exec(dev.output()) ?? []
const browser = await launchBrowser()
for (const colorScheme of ['light', 'dark'] as const) {
  const context = await browser.newContext({ colorScheme, viewport: { width: 820, height: 470 } })
  const shop = await openShop(context, origin)
  await shop.login(user, password)
  await shop.call('POST /orders')
  const picture = await shop.page.screenshot()
  await writeFile(new URL(`../docs/example-page-${colorScheme}.png`, import.meta.url), picture)
  await context.close()
}
const [, docs = ''] = /^API docs +(http:\S+)/m.exec(dev.output()) ?? []
const context = await browser.newContext({ viewport: { width: 1000, height: 640 } })
const reference = await openReference(context, docs)
const login = await reference.beginLogin(['orders:read'])
await login.close()
await reference.page.screenshot({ path: new URL('../docs/api-reference-page.png', import.meta.url).pathname })
await browser.close()
dev.child.kill('SIGTERM')
