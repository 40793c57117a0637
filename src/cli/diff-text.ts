/** A diff for people: on a terminal, and as a comment of a pull request. */
import type { AccessChange, Diff } from '../authoring/diff.ts'
import type { SettingChange } from '../authoring/setting-changes.ts'
import { withoutControls } from '../config/problem.ts'
import type { Colours } from './colours.ts'

export function formatDiff(changes: Diff, before: string, after: string, colours: Colours): string {
  const { good, bad } = colours
  const settings = settingsOf(changes)
  const parts = [
    ...accessPart('Newly allowed', changes.newlyAllowed, after, bad('+'), colours),
    ...accessPart('Newly denied', changes.newlyDenied, before, good('-'), colours),
    ...(settings.length === 0 ? [] : [colours.strong('Changed'), ...settings.map((text) => `  ${text}`), '']),
  ]
  const verdict = changes.widens ? bad('More may pass than before.') : good('Nothing more may pass than before.')
  return [...parts, verdict].map((line) => `${line}\n`).join('')
}

function accessPart(
  title: string,
  changes: readonly AccessChange[],
  file: string,
  mark: string,
  { strong, faint }: Colours,
): string[] {
  if (changes.length === 0) return []
  const lines = changes.flatMap((change) => [
    `  ${mark} ${methodsOf(change)} ${change.route}: ${withoutControls(change.who)}  ${faint(`${file}:${change.line}`)}`,
    `    ${faint(`for example ${exampleOf(change)}`)}`,
  ])
  return [strong(title), ...lines, '']
}

/** For a comment: tables, and nothing that Markdown would take for its own. */
export function formatDiffMarkdown(changes: Diff): string {
  const settings = settingsOf(changes)
  const verdict = changes.widens ? '⚠️ More may pass than before.' : 'Nothing more may pass than before.'
  const lines = [
    `**${verdict}**`,
    ...accessTable('Newly allowed', changes.newlyAllowed),
    ...accessTable('Newly denied', changes.newlyDenied),
    ...(settings.length === 0 ? [] : ['', '### Changed', '', ...settings.map((text) => `- ${code(text)}`)]),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function accessTable(title: string, changes: readonly AccessChange[]): string[] {
  if (changes.length === 0) return []
  const rows = changes.map((change) => {
    const cells = [methodsOf(change), change.route, change.who, exampleOf(change)]
    return `| ${cells.map(code).join(' | ')} |`
  })
  return ['', `### ${title}`, '', '| methods | route | who | for example |', '|---|---|---|---|', ...rows]
}

/** As code, whatever is in it. */
export function code(text: string): string {
  const plain = withoutControls(text).replaceAll('|', '\\|')
  return plain.includes('`') ? `\`\` ${plain} \`\`` : `\`${plain}\``
}

function methodsOf({ methods }: AccessChange): string {
  return methods.length === 6 ? 'any' : methods.join(', ')
}

function exampleOf({ example: { method, path, claims, issuer } }: AccessChange): string {
  const who = claims === undefined ? 'without a token' : `with ${JSON.stringify(claims)}`
  return withoutControls(`${method} ${path} ${who}${issuer === undefined ? '' : ` of issuer ${issuer}`}`)
}

function settingsOf({ routes, issuers, rateLimits, upstreams }: Diff): string[] {
  const text = (subject: string, { setting, before, after, widens }: SettingChange) =>
    withoutControls(`${subject}: ${setting}: ${before} → ${after}${widens ? ' (widens)' : ''}`)
  return [
    ...routes.map((change) =>
      text(change.was === undefined ? change.route : `${change.route} (was ${change.was})`, change),
    ),
    ...issuers.map((change) => text(`issuer ${change.issuer}`, change)),
    ...rateLimits.map((change) => text(`rate limit ${change.rateLimit}`, change)),
    ...upstreams.map((change) => text(`upstream ${change.upstream}`, change)),
  ]
}
