/** What all targets stand in: upstream, issuer, tokens, Redis; all of it on the core of the load. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../test/support/free-port.ts'
import { createTestIssuer, type TestIssuer } from '../test/support/test-issuer.ts'
import { findProgram, LOAD_CORE, type Running, startPinned } from './processes.ts'
import { nginxUpstreamConfig } from './targets/nginx.ts'
import { mintSamples, type SampleTokens, signerOf, writeTokens } from './tokens.ts'

export const BODY = 'x'.repeat(1024)
/** More than any cache of the comparison holds, so that a token is never found in one when its turn comes again. */
const MANY_TOKENS = 40_000
export const FEW_TOKENS = 1000

export interface World {
  readonly folder: string
  readonly issuer: TestIssuer
  readonly samples: SampleTokens
  readonly upstream: Running & { readonly name: string }
  /** Where a target's output goes; with an access log that is a file, as a service manager would keep it. */
  outputFile(id: string): string
  /** Files with one token a line, made when first asked for. */
  tokenFile(kind: 'few' | 'many'): Promise<string>
  /** Started when first asked for. */
  redis(): Promise<Running>
  close(): Promise<void>
}

export async function createWorld(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'scopegate-bench-'))
  const issuer = await createTestIssuer()
  const upstream = await startUpstream(folder)
  const files = new Map<string, Promise<string>>()
  let redis: Promise<Running> | undefined

  async function makeTokens(kind: 'few' | 'many'): Promise<string> {
    const file = join(folder, `${kind}-tokens.txt`)
    await writeTokens(signerOf(issuer), kind === 'few' ? FEW_TOKENS : MANY_TOKENS, file)
    return file
  }

  return {
    folder,
    issuer,
    samples: await mintSamples(issuer),
    upstream,
    outputFile: (id) => join(folder, `${id}.log`),
    tokenFile(kind) {
      const known = files.get(kind)
      if (known !== undefined) return known
      const made = makeTokens(kind)
      files.set(kind, made)
      return made
    },
    redis() {
      redis ??= startRedis(folder)
      return redis
    },
    async close() {
      await (await redis)?.stop()
      await upstream.stop()
      await issuer.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** nginx costs least beside the load; without it a Node server answers the same. */
async function startUpstream(folder: string): Promise<World['upstream']> {
  const port = await freePort()
  const options = { core: LOAD_CORE, port, outputFile: join(folder, 'upstream.log') }
  const nginx = findProgram('nginx')
  if (nginx === undefined) {
    const script = new URL('targets/node-upstream.ts', import.meta.url).pathname
    return { ...(await startPinned([process.execPath, script, String(port)], options)), name: 'node:http' }
  }
  const config = join(folder, 'upstream.conf')
  await writeFile(config, nginxUpstreamConfig(port, folder, BODY))
  return { ...(await startPinned([nginx, '-c', config, '-e', '/dev/stderr'], options)), name: 'nginx' }
}

async function startRedis(folder: string): Promise<Running> {
  const port = await freePort()
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder]
  const options = { core: LOAD_CORE, port, outputFile: join(folder, 'redis.log') }
  return startPinned(['redis-server', ...settings], options)
}
