/** The situations of docs/cookbook.md, as data. */
import { parse } from 'yaml'
import { blocksOf } from './documents.ts'

/** What is sent to a gateway that runs, and what has to come of it. */
export interface CookbookRequest {
  readonly request: string
  /** Claims; absent: no token. */
  readonly token?: Readonly<Record<string, unknown>>
  /** Who signs it, of the issuers of the file. Default: the first one. */
  readonly issuer?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly 'body-sent'?: string
  readonly 'bytes-sent'?: number
  readonly upgrade?: string
  /** How often; each time the answer is the same. */
  readonly times?: number
  /** An instance of a service that is down from now on. */
  readonly stopped?: string
  readonly answer: number
  readonly fields?: Readonly<Record<string, string | null>>
  /** Part of the body. */
  readonly body?: string
  /** How a body begins that does not end. */
  readonly first?: string
  readonly upstream?: Readonly<Record<string, string | null>>
  /** Members of the line in the access log. */
  readonly log?: Readonly<Record<string, unknown>>
}

/** Another text in the file, which the gateway reads again. */
export interface CookbookReload {
  readonly replace: string
  readonly by: string
}

export interface Situation {
  readonly title: string
  readonly file: string
  readonly requests: readonly (CookbookRequest | CookbookReload)[]
  /** The file with the slip in it. */
  readonly slipped: string
  /** What a command says of that. */
  readonly says: string
}

export function readCookbook(): Situation[] {
  const blocks = blocksOf('docs/cookbook.md')
  const titles = [...new Set(blocks.map(({ section }) => section))]
  return titles.map((title) => {
    const own = (language: string) => {
      const [block, ...more] = blocks.filter((one) => one.section === title && one.language === language)
      if (block === undefined || more.length > 0) throw new Error(`"${title}" has not one block of ${language}`)
      return block.text
    }
    const file = `${own('yaml')}\n`
    return { title, file, requests: parse(own('requests')), slipped: applySlip(file, own('diff')), says: own('text') }
  })
}

/** Lines with `-` must stand in the file, as one piece; those with `+` take their place. */
function applySlip(file: string, slip: string): string {
  const lines = slip.split('\n')
  const side = (sign: string) => lines.filter((line) => line.startsWith(sign)).map((line) => `${line.slice(1)}\n`)
  const from = side('-').join('')
  if (from === '' || file.split(from).length !== 2) throw new Error(`this does not stand in the file once:\n${from}`)
  return file.replace(from, () => side('+').join(''))
}
