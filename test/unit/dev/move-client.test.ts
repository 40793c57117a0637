import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { moveClient } from '../../../src/dev/move-client.ts'
import type { RealmFile } from '../../../src/dev/realm.ts'

const text = readFileSync(new URL('../../../keycloak-realm.json', import.meta.url), 'utf8')
const realm = JSON.parse(text) as RealmFile

describe('moveClient', () => {
  it('moves every address of one client, and nothing else of the realm', () => {
    const there = moveClient(realm, 'shop-spa', 'http://127.0.0.1:4')
    expect(JSON.stringify(there)).toBe(
      JSON.stringify(JSON.parse(text.replaceAll('http://127.0.0.1:18083', 'http://127.0.0.1:4'))),
    )
    expect(JSON.stringify(there)).not.toBe(JSON.stringify(realm))
    expect(moveClient(there, 'shop-spa', 'http://127.0.0.1:18083')).toEqual(realm)
  })

  it('leaves addresses of other origins alone, also those that begin alike', () => {
    const redirectUris = ['http://a:80/x', 'http://a:8080/x', 'https://a:80/x']
    const client = { clientId: 'c', rootUrl: 'http://a:80/', redirectUris, webOrigins: ['+', 'http://a:80'] }
    const given = { ...realm, clients: [{ ...client, rootUrl: 'http://a:8081/' }] }
    expect(moveClient(given, 'c', 'http://b').clients[0]).toMatchObject({
      redirectUris,
      webOrigins: ['+', 'http://a:80'],
    })
  })

  it('takes a realm without the client, or without clients, as it is', () => {
    expect(moveClient(realm, 'nobody', 'http://b')).toEqual(realm)
    const bare = { ...realm, clients: [{ clientId: 'shop-spa' }] }
    expect(moveClient(bare, 'shop-spa', 'http://b')).toEqual(bare)
    const none = { realm: 'x' } as RealmFile
    expect(moveClient(none, 'shop-spa', 'http://b')).toBe(none)
  })
})
