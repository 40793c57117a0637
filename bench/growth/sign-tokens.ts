/** Signs tokens on both cores, in processes of their own: `node sign-tokens.ts COUNT FILE`, who signs on standard input. */
import { execFile } from 'node:child_process'
import { createPrivateKey, type webcrypto } from 'node:crypto'
import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { GATEWAY_CORE, LOAD_CORE } from '../processes.ts'
import { type Signer, signerOf, writeTokens } from '../tokens.ts'
import type { World } from '../world.ts'

const SCRIPT = new URL(import.meta.url).pathname

/** As JSON has it. */
type PlainSigner = Omit<Signer, 'privateKey'> & { readonly privateKey: webcrypto.JsonWebKey }

/** A file with `count` new tokens, one a line; it takes the place of the one before. */
export async function signOnAllCores({ issuer, folder }: World, count: number): Promise<string> {
  const signer = signerOf(issuer)
  const plain: PlainSigner = { ...signer, privateKey: signer.privateKey.export({ format: 'jwk' }) }
  const cores = [...new Set([GATEWAY_CORE, LOAD_CORE])]
  const share = Math.ceil(count / cores.length)
  const files = cores.map(async (core) => {
    const file = join(folder, `signed-${core}.txt`)
    const running = promisify(execFile)('taskset', ['-c', String(core), process.execPath, SCRIPT, String(share), file])
    running.child.stdin?.end(JSON.stringify(plain))
    await running
    return file
  })
  const [first, ...others] = (await Promise.all(files)) as [string]
  for (const file of others) await appendFile(first, await readFile(file))
  return first
}

if (import.meta.main) {
  const { privateKey, ...signer } = (await json(process.stdin)) as PlainSigner
  const key = createPrivateKey({ key: privateKey, format: 'jwk' })
  await writeTokens({ ...signer, privateKey: key }, Number(process.argv[2]), process.argv[3] as string)
}
