import { execFile } from 'node:child_process'
import { once } from 'node:events'
import net, { type Socket } from 'node:net'
import { promisify } from 'node:util'
import { afterAll, beforeAll, it } from 'vitest'
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.ts'
import { type GatewayProcess, spawnGateway } from '../support/gateway-process.ts'
import { describeWithRedis, startRedis, type TestRedis } from '../support/redis.ts'
import { createTestIssuer, type TestIssuer } from '../support/test-issuer.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'
import { GOES_ON, LIMITED_PATHS, limitedFile } from './limited-file.ts'
import { FAULT_TIMEOUT_MS, type Making, runFault } from './run-fault.ts'

/** A request may wait for Redis twice, 20 ms each; the rest is room for a busy machine. Left alone, ioredis waits seconds. */
const DECIDED_WITHIN_MS = 1000

/** What is there becomes a list, and a list is no window. */
const SPOIL = `for _, key in ipairs(redis.call('KEYS', 'rl1:*')) do
  redis.call('DEL', key)
  redis.call('LPUSH', key, 'x')
end`

describeWithRedis('a gateway whose Redis', () => {
  let issuer: TestIssuer
  let upstream: TestUpstream
  let redis: TestRedis
  let proxy: FaultyProxy
  /** Speaks to Redis itself, as the user `gateway`. */
  let direct: GatewayProcess
  /** Speaks to it through the proxy. */
  let proxied: GatewayProcess
  let tokens: string[]
  let holder: Socket

  const cli = async (...args: (string | number)[]) => {
    const { stdout } = await promisify(execFile)('redis-cli', ['-p', String(redis.port), ...args.map(String)])
    return stdout.trim()
  }
  const fileWith = (url: string) => limitedFile(issuer.issuer, upstream.url, { url })

  beforeAll(async () => {
    issuer = await createTestIssuer()
    upstream = await startUpstream((_, outgoing) => outgoing.end('ok'))
    redis = await startRedis('--busy-reply-threshold', '100', '--enable-debug-command', 'yes')
    proxy = await startFaultyProxy(redis.port)
    await cli('ACL', 'SETUSER', 'gateway', 'on', '>secret', '~*', '&*', '+@all')
    direct = await spawnGateway(fileWith(redis.url.replace('//', '//gateway:secret@')))
    proxied = await spawnGateway(fileWith(`redis://127.0.0.1:${proxy.port}`))
    tokens = await Promise.all(['ann', 'bob'].map((sub) => issuer.mint({ sub })))
  })
  afterAll(async () => {
    redis?.resume()
    holder?.destroy()
    for (const gateway of [direct, proxied]) await gateway?.stop()
    for (const part of [proxy, upstream, issuer]) await part?.close()
    await redis?.kill()
  })

  type Row = Pick<Making, 'make' | 'mend'> & Partial<Making> & { readonly through?: 'proxy' }
  const MAKINGS: Readonly<Record<string, Row>> = {
    'is killed': { make: () => redis.kill(), mend: () => restart() },
    hangs: { make: () => redis.pause(), mend: () => redis.resume() },
    'is full': {
      make: () => cli('CONFIG', 'SET', 'maxmemory', 1),
      mend: () => cli('CONFIG', 'SET', 'maxmemory', 0),
    },
    'runs a script without end': {
      make: async () => void cli('EVAL', 'while true do end', 0).catch(() => {}),
      mend: () => cli('SCRIPT', 'KILL'),
    },
    'became a replica': {
      make: () => cli('REPLICAOF', '127.0.0.1', 1),
      mend: () => cli('REPLICAOF', 'NO', 'ONE'),
    },
    'refuses the commands': {
      make: () => cli('ACL', 'SETUSER', 'gateway', '-evalsha', '-eval'),
      mend: () => cli('ACL', 'SETUSER', 'gateway', '+@all'),
    },
    'refuses the password': {
      make: async () => {
        await cli('ACL', 'SETUSER', 'gateway', 'resetpass', '>other')
        await cli('CLIENT', 'KILL', 'USER', 'gateway')
      },
      mend: () => cli('ACL', 'SETUSER', 'gateway', '>secret'),
    },
    'has windows spoiled by somebody else': { make: () => cli('EVAL', SPOIL, 0), mend: () => cli('FLUSHALL') },
    'has no connection left': {
      make: async () => {
        holder = net.connect(redis.port, '127.0.0.1')
        await once(holder, 'connect')
        holder.write('CONFIG SET maxclients 1\r\nCLIENT KILL TYPE normal SKIPME yes\r\n')
      },
      mend: () => holder.end('CONFIG SET maxclients 10000\r\n'),
    },
    'is flushed, scripts included': {
      ...GOES_ON,
      make: () => cli('FLUSHALL').then(() => cli('SCRIPT', 'FLUSH')),
      mend: () => {},
    },
    'is slow': { through: 'proxy', make: () => proxy.become('slow'), mend: () => proxy.become('pass') },
    'breaks connections inside an answer': {
      through: 'proxy',
      make: () => proxy.become('reset'),
      mend: () => proxy.become('pass'),
    },
    'takes connections and never answers': {
      through: 'proxy',
      make: () => proxy.become('mute'),
      mend: () => proxy.become('pass'),
    },
    'is something else that answers': {
      through: 'proxy',
      make: () => proxy.become('garbage'),
      mend: () => proxy.become('pass'),
    },
  }

  async function restart() {
    await redis.restart()
    await cli('ACL', 'SETUSER', 'gateway', 'on', '>secret', '~*', '&*', '+@all')
  }

  it.for(Object.entries(MAKINGS))(
    '%s',
    { timeout: FAULT_TIMEOUT_MS },
    async ([fault, { through, ...making }], context) => {
      await runFault(context, 'Redis', fault, {
        gateway: through === 'proxy' ? proxied : direct,
        paths: LIMITED_PATHS,
        tokens,
        decidedWithinMs: DECIDED_WITHIN_MS,
        maxLines: 4,
        ...making,
      })
    },
  )
})
