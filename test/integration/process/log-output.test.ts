import { expect, it } from 'vitest'
import { openTo } from '../../support/gateway.ts'
import { spawnGateway } from '../../support/gateway-process.ts'
import { waitFor } from '../../support/wait-for.ts'

it('answers while nobody reads its log, and shows every line to who reads it later', async () => {
  const gateway = await spawnGateway(openTo('http://127.0.0.1:1'))
  gateway.child.stdout?.pause()
  const paths = Array.from({ length: 300 }, (_, i) => `/${i}/${'x'.repeat(6000)}`)
  for (const path of paths) expect((await fetch(gateway.url + path)).status).toBe(502)

  gateway.child.stdout?.resume()
  const logged = () => gateway.logs().filter(({ msg }) => msg === 'request')
  await waitFor('all lines', () => logged().length >= paths.length)
  expect(logged().map(({ path }) => path)).toEqual(paths)
  expect(await gateway.stop()).toBe(0)
  expect(gateway.logs().at(-1)).toMatchObject({ msg: 'draining' })
})
