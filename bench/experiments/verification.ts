/**
 * What verifying a token costs, and who spends it: `node bench/experiments/verification.ts`. The bare signature first, then
 * each layer around it, up to the authenticator with tokens it has never seen; all on one core, without any HTTP.
 */
import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CryptoKey, compactVerify, importJWK } from 'jose'
import { type Authenticator, createAuthenticator } from '../../src/authentication/authenticate.ts'
import { readJws } from '../../src/authentication/jws.ts'
import { createTestIssuer, toIssuerConfig } from '../../test/support/test-issuer.ts'
import type { SigningKey } from '../../test/support/tokens.ts'
import { GATEWAY_CORE, pinSelf } from '../processes.ts'
import { orderOf, type Spread, spread } from '../statistics.ts'
import { AUDIENCE, signerOf, writeTokens } from '../tokens.ts'

/** As many as the connections of the bench. */
const IN_FLIGHT = 32
/** In all more tokens than the cache holds, so that its share of the memory is there as well. */
const SIZE: Size = { tokens: 30_000, rounds: 15, warmUp: 4 }

interface Size {
  readonly tokens: number
  /** Each takes its share of the tokens. */
  readonly rounds: number
  /** The first of the rounds, which do not count. */
  readonly warmUp: number
}

/** A token in all forms that a step may need, so that no step pays for what it does not measure. */
interface Sample {
  readonly text: string
  readonly input: Uint8Array<ArrayBuffer>
  readonly signature: Uint8Array<ArrayBuffer>
}

interface Verifiers {
  readonly keyObject: KeyObject
  readonly cryptoKey: CryptoKey
  readonly authenticator: Authenticator
}

interface Step {
  readonly title: string
  /** Throws, rejects or answers false when the token is not good. */
  readonly run: (sample: Sample, verifiers: Verifiers) => unknown
}

const RSA = { name: 'RSASSA-PKCS1-v1_5' }

export const STEPS: readonly Step[] = [
  {
    title: 'crypto.verify, synchronous: the bare signature',
    run: ({ input, signature }, { keyObject }) => verify('RSA-SHA256', input, keyObject, signature),
  },
  {
    title: 'subtle.verify: the same by way of the thread pool',
    run: ({ input, signature }, { cryptoKey }) => crypto.subtle.verify(RSA, cryptoKey, signature, input),
  },
  {
    title: 'jose, compactVerify: what verifies in the gateway',
    run: ({ text }, { cryptoKey }) => compactVerify(text, cryptoKey, { algorithms: ['RS256'] }),
  },
  { title: 'readJws: our own strict reading', run: ({ text }) => readJws(text) },
  {
    title: 'authenticate, never seen: all of it, claims and cache included',
    run: ({ text }, { authenticator }) => authenticator.authenticate(text),
  },
  { title: 'authenticate, seen before', run: ({ text }, { authenticator }) => authenticator.authenticate(text) },
]

/** CPU microseconds of this process, threads included, for each token; in the order of `STEPS`. */
export async function measureVerification({ tokens, rounds, warmUp }: Size): Promise<Spread[]> {
  const { samples, verifiers, close } = await prepare(tokens)
  const figures: number[][] = STEPS.map(() => [])
  const share = Math.floor(tokens / rounds)
  try {
    for (let round = 0; round < rounds; round++) {
      const own = samples.slice(round * share, (round + 1) * share)
      for (const step of orderInRound(round)) {
        const cpuUs = await cpuUsOf(step, own, verifiers)
        if (round >= warmUp) figures[STEPS.indexOf(step)]?.push(cpuUs)
      }
    }
  } finally {
    await close()
  }
  return figures.map(spread)
}

/** Other places in each round, but for the last two steps: a token is seen before it was seen before. */
function orderInRound(round: number): Step[] {
  return [...orderOf(STEPS.slice(0, -2), round), ...STEPS.slice(-2)]
}

async function cpuUsOf(step: Step, samples: readonly Sample[], verifiers: Verifiers): Promise<number> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < samples.length) {
      const good = await step.run(samples[next++] as Sample, verifiers)
      if (good === false) throw new Error(`a good token was refused by ${step.title}`)
    }
  }
  const before = process.cpuUsage()
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  const { user, system } = process.cpuUsage(before)
  return (user + system) / samples.length
}

async function prepare(count: number) {
  const issuer = await createTestIssuer()
  const folder = await mkdtemp(join(tmpdir(), 'scopegate-verification-'))
  const file = join(folder, 'tokens.txt')
  await writeTokens(signerOf(issuer), count, file)
  const texts = (await readFile(file, 'utf8')).trimEnd().split('\n')
  await rm(folder, { recursive: true })
  const jwk = (issuer.keys[0] as SigningKey).publicJwk
  const authenticator = createAuthenticator({
    issuers: new Map([['main', toIssuerConfig(issuer, { jwks: issuer.jwksUrl, audience: [AUDIENCE] })]]),
    sha256: (text) => hash('sha256', text, 'base64url'),
  })
  return {
    samples: texts.map(toSample),
    verifiers: {
      keyObject: createPublicKey({ key: jwk, format: 'jwk' }),
      cryptoKey: (await importJWK(jwk, 'RS256')) as CryptoKey,
      authenticator,
    },
    async close() {
      await authenticator.close()
      await issuer.close()
    },
  }
}

function toSample(text: string): Sample {
  const dot = text.lastIndexOf('.')
  return { text, input: Buffer.from(text.slice(0, dot)), signature: Buffer.from(text.slice(dot + 1), 'base64url') }
}

if (import.meta.main) {
  pinSelf(GATEWAY_CORE)
  const spreads = await measureVerification(SIZE)
  for (const [index, { median, min, max }] of spreads.entries()) {
    const figures = [median, min, max].map((us) => us.toFixed(1).padStart(7)).join(' ')
    console.log(`${(STEPS[index] as Step).title.padEnd(64)} ${figures} CPU µs (median, min, max)`)
  }
}
