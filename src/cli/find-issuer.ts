/** Asks a gateway for its authorization server, as its clients may (RFC 9728). */

const PATIENCE_MS = 5000

/** Throws a sentence that names the gateway when it cannot be reached or names none. */
export async function findIssuer(gateway: string): Promise<string> {
  const url = `${gateway}/.well-known/oauth-protected-resource`
  const metadata = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) })
    .then((answer) => (answer.ok ? answer.json() : undefined))
    .catch(() => undefined)
  const [issuer] = (metadata as { authorization_servers?: unknown[] } | undefined)?.authorization_servers ?? []
  if (typeof issuer === 'string' && URL.canParse(issuer)) return issuer
  throw new Error(`No gateway at ${gateway} that says where to log in: ${url} names no authorization server`)
}
