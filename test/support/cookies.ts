/** Cookies as a client keeps them: `Set-Cookie` lines read, a `Cookie` field written. */

/** Name and value of a `Set-Cookie` line. */
export function readPair(line: string): [name: string, value: string] {
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
  return [name, value]
}

/** The value of a `Cookie` field; empty without cookies. */
export function cookieField(cookies: ReadonlyMap<string, string>): string {
  return [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
}

/** Keeps what the lines set, and deletes what they empty or end with `Max-Age=0`. */
export function keepCookies(cookies: Map<string, string>, lines: readonly string[]): void {
  for (const line of lines) {
    const [name, value] = readPair(line)
    if (value === '' || /max-age=0/i.test(line)) cookies.delete(name)
    else cookies.set(name, value)
  }
}
