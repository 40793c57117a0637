import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ANY_PORT, answersOf, type Dev, printed, spawnDev } from '../support/dev-command.ts'

describe('scopegate dev', () => {
  let dev: Dev
  let answers: Map<string, string>

  beforeAll(async () => {
    dev = spawnDev(ANY_PORT)
    await printed(dev, '/metrics')
    answers = await answersOf(dev)
  })

  afterAll(() => void dev.child.kill('SIGKILL'))

  const answer = (start: string) => [...answers].find(([shows]) => shows.startsWith(start))?.[1] ?? ''
  const status = (start: string) => answer(start).split('\r\n')[0]

  it('prints lines that show 200, 401, 403 and 429', () => {
    expect(status('200: the scope')).toBe('HTTP/1.1 200 OK')
    expect(status('401')).toBe('HTTP/1.1 401 Unauthorized')
    expect(status('403')).toBe('HTTP/1.1 403 Forbidden')
    expect(status('200: public')).toBe('HTTP/1.1 200 OK')
    expect(answer('201 three times').trim().split('\n')).toEqual(['201', '201', '201', '429'])
    expect(status('429')).toBe('HTTP/1.1 429 Too Many Requests')
  })

  it('shows the upstream what the gateway knows about alice, and not her token', () => {
    const body = JSON.parse(answer('200: the scope').split('\r\n\r\n')[1] ?? '')
    expect(body).toMatchObject({
      service: 'orders',
      path: '/orders/7',
      identity: { 'x-user-id': expect.stringMatching(/^[\w-]+$/), 'x-client-id': 'shop-cli' },
    })
    expect(body.identity['x-scopes']).toContain('orders:read')
    expect(body.identity).not.toHaveProperty('authorization')
  })

  it('names the missing scope in the challenge, and the time to wait', () => {
    expect(answer('403')).toMatch(/www-authenticate: Bearer .*insufficient_scope.*orders:write/i)
    expect(answer('429')).toMatch(/retry-after: \d+/i)
  })

  it('prints lines for the admin listener', () => {
    expect(status('is it ready')).toBe('HTTP/1.1 200 OK')
    expect(answer('its counters')).toContain('# TYPE')
  })

  it('stops on SIGINT and leaves no port open', async () => {
    const urls = [...dev.output().matchAll(/^(?:gateway|admin|issuer|page) +(http:\S+)/gm)].map(([, url = '']) => url)
    expect(urls).toHaveLength(4)
    dev.child.kill('SIGINT')
    expect(await dev.exited).toBe(0)
    for (const url of urls) await expect(fetch(url)).rejects.toThrow('fetch failed')
  })
})

describe('scopegate dev, when it cannot start', () => {
  it('names the port that is taken, and leaves nothing running', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const address = taken.address()
    const port = typeof address === 'object' ? `${address?.port}` : ''
    for (const option of ['--issuer-port', '--catalog-port', '--port', '--admin-port', '--page-port']) {
      const dev = spawnDev([...ANY_PORT, option, port])
      expect(await dev.exited).toBe(1)
      expect(dev.output()).toMatch(new RegExp(`^Port ${port} is taken: .*${option}`, 'm'))
    }
    taken.close()
  }, 30_000)

  it('names the realm file that is missing', async () => {
    const dev = spawnDev([...ANY_PORT, '--realm', 'nowhere.json'])
    expect(await dev.exited).toBe(1)
    expect(dev.output()).toContain('nowhere.json cannot be read')
  })

  it.each([['--port', 'http'], ['--port', '70000'], ['--upstream', 'payments'], ['--bogus'], ['extra']])(
    'exits with 2 for %s %s',
    async (...args) => {
      const dev = spawnDev(args.filter((arg) => arg !== undefined))
      expect(await dev.exited).toBe(2)
    },
  )
})

describe('scopegate dev --upstream', () => {
  it('runs one demo service alone', async () => {
    const dev = spawnDev(['--upstream', 'catalog', '--port', '0'])
    await printed(dev, 'listens on')
    const [, url = ''] = /(http:\S+)/.exec(dev.output()) ?? []
    expect(await (await fetch(`${url}/catalog/tea-pot`)).json()).toMatchObject({
      service: 'catalog',
      data: { id: 'tea-pot' },
    })
    dev.child.kill('SIGTERM')
    expect(await dev.exited).toBe(0)
  })
})
