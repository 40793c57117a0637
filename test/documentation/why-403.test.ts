/** docs/why-did-i-get-a-403.md: every reason of these statuses stands there, no other does, and its commands say what is shown. */
import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { TARGET_REASONS } from '../../src/authoring/reason.ts'
import { dispatch } from '../../src/cli/dispatch.ts'
import { ERRORS, type ErrorCode, INVALID_TOKEN_REASONS } from '../../src/errors.ts'
import { blocksOf, readProjectFile } from '../support/documents.ts'
import { createTestIo } from '../unit/cli/test-io.ts'

const PAGE = 'docs/why-did-i-get-a-403.md'
const STATUSES: readonly number[] = [401, 403, 404, 405, 429, 503]
const root = new URL('../../', import.meta.url)

/** Reasons in the rows of tables; `keys_…` stands for all that begin so. */
const documented = [...readProjectFile(PAGE).matchAll(/^\| `([a-z0-9_]+…?)` \|/gm)].map(([, reason = '']) => reason)

/** Literal reasons of the source, by code. */
function thrown(): { readonly code: ErrorCode; readonly reason: string }[] {
  const files = readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' })
  return files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [...readProjectFile(`src/${file}`).matchAll(/new GatewayError\('(\w+)', ['`](\w+)/g)])
    .map(([, code = '', reason = '']) => ({ code: code as ErrorCode, reason }))
}

describe(PAGE, () => {
  it('has every reason of 401, 403, 404, 405, 429 and 503, and those of a path that is refused', () => {
    const inSource = thrown().filter(({ code }) => STATUSES.includes(ERRORS[code].status) || code === 'invalid_request')
    expect(inSource.length).toBeGreaterThan(10)
    const decided = ['no_line_fits', 'method_in_no_line']
    const known = [...inSource.map(({ reason }) => reason), ...decided, ...Object.keys(TARGET_REASONS)]
    const all = new Set(
      [...known, ...Object.keys(INVALID_TOKEN_REASONS)].map((one) => (one === 'keys_' ? 'keys_…' : one)),
    )
    expect(documented.toSorted()).toEqual([...all].toSorted())
  })

  it('names the reasons that the decision has', () => {
    const source = readProjectFile('src/authorization/decide.ts')
    expect(source).toContain("return code === 'method_not_allowed' ? 'method_in_no_line' : 'no_line_fits'")
  })

  const blocks = blocksOf(PAGE)
  const commands = blocks.flatMap(({ language, text }, index) =>
    language === 'sh' ? [[text, blocks[index + 1]?.text ?? ''] as const] : [],
  )

  it.each(commands)('shows what comes of: %s', async (command, shown) => {
    const words = [...command.replace('npm run scopegate -- ', '').matchAll(/'([^']*)'|(\S+)/g)]
    const io = createTestIo({ cwd: root.pathname })
    expect(
      await dispatch(
        io,
        words.map(([, quoted, plain]) => quoted ?? plain ?? ''),
        '1',
      ),
    ).toBe(0)
    for (const line of shown.split('\n')) expect(io.out).toContain(line)
  })
})
