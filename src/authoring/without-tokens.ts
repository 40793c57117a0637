const JWT = /\b[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g
const IN_QUERY = /([?&]access_token=)[^&\s"']+/g

/** A text without the given token, without anything that is a JWT by its looks, and without `access_token` of a query. */
export function withoutTokens(text: string, token?: string): string {
  const masked = token === undefined || token === '' ? text : text.replaceAll(token, '[token]')
  return masked.replace(IN_QUERY, '$1[token]').replace(JWT, (found) => (found.startsWith('eyJ') ? '[token]' : found))
}
