/** Tokens that Keycloak signs only on special requests. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { RealmAdmin } from './keycloak-admin.ts'
import { PASSWORDS, passwordTokens } from './oidc-client.ts'

/** Sent as a DPoP token request (RFC 9449 section 5), which any client of Keycloak may make. */
export async function dpopToken(issuer: string): Promise<{ token: string; thumbprint: string }> {
  const endpoint = `${issuer}/protocol/openid-connect/token`
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const jwk = await exportJWK(publicKey)
  const proof = await new SignJWT({ htm: 'POST', htu: endpoint, jti: crypto.randomUUID() })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
    .setIssuedAt()
    .sign(privateKey)
  const body = new URLSearchParams({
    grant_type: 'password',
    client_id: 'shop-cli',
    username: 'bob',
    password: PASSWORDS.bob,
    scope: 'openid orders:read',
  })
  const response = await fetch(endpoint, { method: 'POST', headers: { DPoP: proof }, body })
  const { access_token: token } = (await response.json()) as { access_token: string }
  return { token, thumbprint: await calculateJwkThumbprint(jwk) }
}

/** The back-channel logout request of one client, as Keycloak sends it. */
export async function logoutToken(realm: RealmAdmin): Promise<string> {
  const received = Promise.withResolvers<string>()
  const receiver: Server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    outgoing.end()
    received.resolve(new URLSearchParams(Buffer.concat(chunks).toString()).get('logout_token') ?? '')
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/logout`
  await realm.setClientAttributes('shop-cli', { 'backchannel.logout.url': url })
  const { refresh_token: refreshToken = '' } = await passwordTokens(realm.issuer)
  const body = new URLSearchParams({ client_id: 'shop-cli', refresh_token: refreshToken })
  await fetch(`${realm.issuer}/protocol/openid-connect/logout`, { method: 'POST', body })
  const token = await received.promise
  receiver.close()
  await realm.setClientAttributes('shop-cli', { 'backchannel.logout.url': undefined })
  return token
}
