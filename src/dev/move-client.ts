/** An app that listens on another port than the realm file says. */
import type { RealmClient, RealmFile } from './realm.ts'

/** The realm with the addresses of one client moved to `origin`. What has no `rootUrl`, or is no realm, stays as it is. */
export function moveClient(realm: RealmFile, clientId: string, origin: string): RealmFile {
  if (!Array.isArray(realm?.clients)) return realm
  const clients = realm.clients.map((client) => (client?.clientId === clientId ? moved(client, origin) : client))
  return { ...realm, clients }
}

/** The client with every address below the origin of its `rootUrl` moved to `origin`. */
export function moved<Client extends RealmClient>(client: Client, origin: string): Client {
  const from = URL.parse(client.rootUrl ?? '')?.origin
  if (from === undefined || from === origin) return client
  const move = (address: string) => (isBelow(address, from) ? origin + address.slice(from.length) : address)
  const { 'post.logout.redirect.uris': afterLogout, ...attributes } = client.attributes ?? {}
  return {
    ...client,
    rootUrl: origin,
    redirectUris: client.redirectUris?.map(move) ?? [],
    webOrigins: client.webOrigins?.map(move) ?? [],
    attributes: {
      ...attributes,
      ...(afterLogout === undefined
        ? {}
        : { 'post.logout.redirect.uris': afterLogout.split('##').map(move).join('##') }),
    },
  }
}

/** `http://127.0.0.1:80` is no part of `http://127.0.0.1:8080`. */
function isBelow(address: string, origin: string): boolean {
  return address === origin || address.startsWith(`${origin}/`)
}
