/** Names of nested members, outermost first. */
export type ClaimPath = readonly string[]

/**
 * Reads where a claim stands: `sub`, `realm_access.roles` (dots nest) or `/https:~1~1example.com~1tenant`
 * (a JSON Pointer, RFC 6901, for names with dots). Returns undefined when the text is neither.
 */
export function readClaimPath(text: string): ClaimPath | undefined {
  if (text.startsWith('/')) {
    if (/~(?![01])/.test(text)) return undefined
    return text
      .slice(1)
      .split('/')
      .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
  }
  const names = text.split('.')
  return names.every((name) => /^[^\s/~]+$/.test(name)) ? names : undefined
}
