/** An explanation for people. */
import type { Explanation } from '../authoring/explain.ts'
import { withoutControls } from '../config/problem.ts'
import type { Colours } from './colours.ts'

type Section = readonly [name: string, lines: readonly string[]]

const INDENT = 10

export function formatExplanation(explanation: Explanation, file: string, colours: Colours): string {
  const { request, outcome, status, code, reason, notes, report } = explanation
  const isGood = outcome !== 'refused'
  const verdict = isGood ? colours.good(verdictOf(explanation)) : colours.bad(`${status} ${code}`)
  const head = `${colours.strong(`${request.method} ${request.path ?? '(refused)'}`)}  ${verdict}\n${reason}\n`
  const sections: Section[] = [
    ['route', routeLines(explanation, file)],
    ['token', tokenLines(explanation)],
    ['lines', allowLines(explanation, file, colours)],
    ['report', report === undefined ? [] : [withoutControls(report.reason)]],
    ['limits', limitLines(explanation)],
    ['upstream', upstreamLines(explanation)],
    ['answer', answerLines(explanation)],
    ['to pass', explanation.toPass],
    ['note', notes],
  ]
  const shown = sections.filter(([, lines]) => lines.length > 0)
  return `${head}\n${shown.map((section) => formatSection(section, colours)).join('\n')}`
}

function verdictOf({ outcome, upstream, status }: Explanation): string {
  if (outcome === 'page') return 'is answered by the gateway'
  return outcome === 'forwarded' ? `goes to ${upstream?.name}` : `${status} ${outcome}`
}

function formatSection([name, lines]: Section, { faint }: Colours): string {
  const [first = '', ...rest] = lines
  return [faint(name.padEnd(INDENT)) + first, ...rest.map((line) => ' '.repeat(INDENT) + line)]
    .map((line) => `${line.trimEnd()}\n`)
    .join('')
}

function routeLines({ route, nearest }: Explanation, file: string): string[] {
  if (route === undefined) {
    return ['none', ...(nearest ?? []).map(({ path, line }) => `did you mean ${path}?  ${file}:${line}`)]
  }
  return [
    `${route.path}  ${file}:${route.line}`,
    ...route.beats.map(({ path, line, why }) => `beats ${path} (line ${line}): ${why}`),
  ]
}

function tokenLines({ token }: Explanation): string[] {
  if (token === undefined) return ['none']
  const { signature, issuer, subject, clientId, scopes, roles } = token
  const facts = [
    issuer && `issuer ${issuer}`,
    subject && `sub ${subject}`,
    clientId && `client ${clientId}`,
    scopes && `scopes ${scopes.join(' ') || 'none'}`,
    roles && `roles ${roles.join(' ') || 'none'}`,
  ]
  const known = facts.filter((fact) => fact !== undefined && fact !== '')
  return [`signature ${signature}`, ...(known.length > 0 ? [withoutControls(known.join(' · '))] : [])]
}

function allowLines({ lines, public: open }: Explanation, file: string, { good, bad, faint }: Colours): string[] {
  const mark = (holds: boolean) => (holds ? good('✓') : bad('✗'))
  const first = open
    ? [`${mark(open.holds)} public for ${open.methods.join(', ')}: ${withoutControls(open.reason)}`]
    : []
  const rest = lines.flatMap((line) => {
    const mode = line.mode === undefined ? '' : '  (only reported)'
    const place = `line ${line.line}  ${file}:${line.fileLine}  ${methodsOf(line.methods)}${mode}`
    const because = line.because === undefined ? '' : `  “${withoutControls(line.because)}”`
    if (!line.applies) return [faint(`– ${place}: another method`)]
    const width = Math.max(...line.conditions.map(({ text }) => text.length))
    const conditions = line.conditions.map(({ text, holds, seen }) => {
      return `    ${mark(holds)} ${withoutControls(text).padEnd(width)}  ${faint(`token has ${show(seen)}`)}`
    })
    return [`${mark(line.holds)} ${place}${because}`, ...conditions]
  })
  return [...first, ...rest]
}

function methodsOf(methods: readonly string[]): string {
  return methods.length === 6 ? 'any method' : methods.join(', ')
}

/** A claim's value, on one line and short. */
function show(seen: unknown): string {
  if (seen === true) return 'been accepted'
  if (seen === undefined || seen === false || (Array.isArray(seen) && seen.length === 0)) return 'none'
  const isNames = Array.isArray(seen) && seen.every((one) => typeof one === 'string')
  const text = isNames ? seen.join(' ') : JSON.stringify(seen)
  return withoutControls(text.length > 100 ? `${text.slice(0, 99)}…` : text)
}

function limitLines({ limits }: Explanation): string[] {
  const width = Math.max(0, ...limits.map(({ name }) => name.length))
  return limits.map(({ name, limit, windowSeconds, key, when, counts, missing = [] }) => {
    const what = `${limit} in ${windowSeconds} s by ${key.join(' and ')}, ${when}`
    const lack = missing.length === 0 ? '' : ` (the body has no ${missing.join(', ')})`
    return `${name.padEnd(width)}  ${what}: ${counts ? 'counts' : 'does not count'}${lack}`
  })
}

function upstreamLines({ upstream }: Explanation): string[] {
  if (upstream === undefined) return []
  const identity = Object.entries(upstream.identity).map(([name, value]) => `${name}: ${value}`)
  return [`${upstream.name} gets ${withoutControls(upstream.path)}`, ...identity.map(withoutControls)]
}

function answerLines({ outcome, answer }: Explanation): string[] {
  const whose =
    outcome === 'forwarded' ? "the upstream's, with" : outcome === 'page' ? "the gateway's own, with" : undefined
  return [
    whose ?? `${answer.status}`,
    ...answer.headers.map(([name, value]) => withoutControls(`${name}: ${value}`)),
    ...(answer.body === '' ? [] : [withoutControls(answer.body)]),
  ]
}
