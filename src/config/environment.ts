export type Environment = Readonly<Record<string, string | undefined>>

export interface Substitution {
  readonly text: string
  /** What is wrong, without any value. */
  readonly problems: readonly string[]
  /** The text was one reference and nothing else. */
  readonly whole: boolean
}

const SYNTAX = 'expected ${NAME} or ${NAME:-default} (a literal "${" is written "$${")'
const REFERENCE = /\$\$\{|\$\{([^}]*)(\}?)/g

/**
 * Fills in `${NAME}` and `${NAME:-default}`; the default also serves for an empty variable, as in a shell.
 * `$${` stands for a literal `${`. What is filled in is not read again.
 */
export function substitute(text: string, env: Environment): Substitution {
  const problems: string[] = []
  const result = text.replace(REFERENCE, (match, inner: string | undefined, end: string) => {
    if (inner === undefined) return '${'
    const found = end === '' ? { problem: SYNTAX } : lookUp(inner, env)
    if (typeof found === 'string') return found
    problems.push(found.problem)
    return match
  })
  return { text: result, problems, whole: /^\$\{[^}]*\}$/.test(text) }
}

function lookUp(inner: string, env: Environment): string | { readonly problem: string } {
  const [, name, fallback] = /^([A-Za-z_]\w*)(?::-(.*))?$/s.exec(inner) ?? []
  if (name === undefined) return { problem: SYNTAX }
  const value = Object.hasOwn(env, name) ? env[name] : undefined
  if (fallback !== undefined) return value || fallback
  return value ?? { problem: `the environment variable ${name} is not set and has no default` }
}

/** The text as an unquoted YAML scalar would be read (YAML 1.2 section 10.3.2): a number, a boolean, or the text. */
export function readPlainScalar(text: string): string | number | boolean {
  if (/^(true|True|TRUE)$/.test(text)) return true
  if (/^(false|False|FALSE)$/.test(text)) return false
  return /^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$/.test(text) ? Number(text) : text
}
