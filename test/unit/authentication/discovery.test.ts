import { describe, expect, it } from 'vitest'
import { discoverJwksUri } from '../../../src/authentication/discovery.ts'
import { KeyFetchError } from '../../../src/authentication/key-fetch-error.ts'

const signal = new AbortController().signal

/** Discovers from an issuer that answers every address with this document; tells which were asked. */
async function discover(issuer: string, metadata: unknown) {
  const asked: string[] = []
  const fetch = async (url: string) => {
    asked.push(url)
    return new TextEncoder().encode(JSON.stringify(metadata))
  }
  return { url: await discoverJwksUri(issuer, fetch, signal), asked }
}

const failure = (reason: string) => expect.objectContaining({ name: 'KeyFetchError', reason })

describe('discoverJwksUri (OpenID Connect Discovery 1.0 section 4)', () => {
  it.each([
    ['https://id.example.com/realms/shop', 'https://id.example.com/realms/shop/.well-known/openid-configuration'],
    ['https://id.example.com', 'https://id.example.com/.well-known/openid-configuration'],
    ['https://id.example.com/', 'https://id.example.com/.well-known/openid-configuration'],
    ['http://127.0.0.1:8080/realms/shop', 'http://127.0.0.1:8080/realms/shop/.well-known/openid-configuration'],
  ])('asks %s at %s', async (issuer, url) => {
    const found = await discover(issuer, { issuer, jwks_uri: `${issuer}/certs` })
    expect(found).toEqual({ url: `${issuer}/certs`, asked: [url] })
  })

  it.each([
    'https://id.example.com',
    'https://id.example.com/a/',
    'HTTPS://id.example.com/a',
    'https://id.example.com:443/a',
  ])('refuses metadata of %s for https://id.example.com/a, though URLs may be equal', async (issuer) => {
    const discovered = discover('https://id.example.com/a', { issuer, jwks_uri: 'https://id.example.com/certs' })
    await expect(discovered).rejects.toThrow(failure('issuer_mismatch'))
  })

  it('refuses keys in plain text from an issuer that uses https', async () => {
    const issuer = 'https://id.example.com'
    const discovered = discover(issuer, { issuer, jwks_uri: 'http://id.example.com/certs' })
    await expect(discovered).rejects.toThrow(failure('discovery'))
  })

  it('passes on why the fetch failed', async () => {
    const fetch = () => Promise.reject(new KeyFetchError('timeout'))
    await expect(discoverJwksUri('https://id.example.com', fetch, signal)).rejects.toThrow(failure('timeout'))
  })
})
