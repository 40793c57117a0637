/** The admin listener, as the process uses it. */
export interface AdminConfig {
  readonly host: string
  readonly port: number
  /** Host names that the pages for people may be asked by, beside addresses and `localhost`. */
  readonly names?: readonly string[]
  /** What the pages for people ask for. */
  readonly password?: string
}
