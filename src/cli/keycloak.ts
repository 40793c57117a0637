/** `scopegate keycloak check` and `plan`: the file beside the realm that signs its tokens. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { findDrift } from '../authoring/keycloak/drift.ts'
import type { Finding } from '../authoring/keycloak/finding.ts'
import { findWeakSettings } from '../authoring/keycloak/hardening.ts'
import { findLoginFaults } from '../authoring/keycloak/login-client.ts'
import { type Needs, needsOf } from '../authoring/keycloak/needs.ts'
import { isEmpty, makePlan, type Plan } from '../authoring/keycloak/plan.ts'
import { mergeIntoRealm, toAdminRequests, toRealmFragment } from '../authoring/keycloak/plan-formats.ts'
import { type Realm, RealmError, readRealm } from '../authoring/keycloak/realm.ts'
import { toTerraform } from '../authoring/keycloak/terraform.ts'
import type { GatewayConfig, IssuerConfig } from '../config/gateway-config.ts'
import type { LoginConfig } from '../config/login-config.ts'
import { withoutControls } from '../config/problem.ts'
import { FILE_OPTIONS, loadFor, printProblems } from './arguments.ts'
import { coloursFor } from './colours.ts'
import { type CommandIo, UsageError } from './command-io.ts'
import { credentialsFrom, fetchRealm } from './keycloak-admin.ts'

const OPTIONS = {
  ...FILE_OPTIONS,
  realm: { type: 'string' },
  url: { type: 'string' },
  issuer: { type: 'string' },
  strict: { type: 'boolean', default: false },
  client: { type: 'string', multiple: true },
  format: { type: 'string', default: 'rest' },
} as const

type Options = ReturnType<typeof readOptions>

/** The realm, and its file as it was read: absent for a live one. */
type Source = { readonly realm: Realm; readonly json?: Record<string, unknown> }

export async function run(io: CommandIo, args: string[]): Promise<number> {
  const [action, ...rest] = args
  if (action !== 'check' && action !== 'plan') throw new UsageError('say "keycloak check" or "keycloak plan"')
  const options = readOptions(rest)
  const result = loadFor(io, options.config)
  if (result.config === undefined) return printProblems(io, result, options.json)
  const issuer = chooseIssuer(result.config, options.issuer)
  try {
    const source = await readSource(io, issuer, options)
    const needs = needsOf(result.config, issuer)
    const { login } = result.config
    const own = login?.issuer.name === issuer.name ? login : undefined
    return action === 'check' ? check(io, needs, own, source, options) : plan(io, needs, source, options)
  } catch (error) {
    if (!(error instanceof RealmError)) throw error
    io.stderr(`scopegate: ${error.message}\n`)
    return 2
  }
}

function readOptions(args: string[]) {
  return parseArgs({ args, options: OPTIONS }).values
}

function chooseIssuer({ issuers }: GatewayConfig, name: string | undefined): IssuerConfig {
  const [only] = issuers.values()
  const chosen = name === undefined ? only : issuers.get(name)
  const names = [...issuers.keys()].join(', ')
  if (chosen === undefined) throw new UsageError(`no issuer ${name}; there are: ${names}`)
  if (name === undefined && issuers.size > 1) throw new UsageError(`say which issuer with --issuer: ${names}`)
  return chosen
}

/** A realm file, or Keycloak itself at `--url`, `KEYCLOAK_URL` or the address in `issuer`. */
async function readSource(io: CommandIo, { issuer }: IssuerConfig, { realm, url }: Options): Promise<Source> {
  if (realm !== undefined) {
    const json = readJson(path.resolve(io.cwd, realm), realm)
    return { realm: readRealm(json), json }
  }
  const [, base = '', name = ''] = /^(.*)\/realms\/([^/]+)\/?$/.exec(issuer) ?? []
  if (name === '') throw new RealmError(`${issuer} is no address of a Keycloak realm; give a realm file with --realm`)
  const { env } = io
  const credentials = credentialsFrom(env)
  if (!credentials.clientSecret && !credentials.password) {
    throw new RealmError(
      'a live realm needs KEYCLOAK_CLIENT_ID and KEYCLOAK_CLIENT_SECRET, or KEYCLOAK_ADMIN and KEYCLOAK_ADMIN_PASSWORD, in the environment; or give a realm file with --realm',
    )
  }
  return { realm: await fetchRealm({ url: readUrl(url ?? env.KEYCLOAK_URL ?? base), realm: name }, credentials) }
}

/** Keycloak may stand below a path: `https://id.example.com/auth`. */
function readUrl(text: string): string {
  const url = URL.parse(text)
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new UsageError('--url and KEYCLOAK_URL are http or https, such as http://keycloak:8080')
  }
  return text.replace(/\/$/, '')
}

function readJson(file: string, shown: string): Record<string, unknown> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    throw new RealmError(`${shown} cannot be read`)
  }
  try {
    return JSON.parse(text)
  } catch {
    throw new RealmError(`${shown} is not JSON`)
  }
}

/** 1: an error, or with `--strict` a warning. */
function check(
  io: CommandIo,
  needs: Needs,
  login: LoginConfig | undefined,
  { realm }: Source,
  { json, strict }: Options,
): number {
  const faults = login === undefined ? [] : findLoginFaults(login, realm)
  const findings = [...findDrift(needs, realm), ...faults, ...findWeakSettings(realm, Date.now())]
  const isBad = findings.some(({ severity }) => strict || severity === 'error')
  if (json) io.stdout(`${JSON.stringify({ ok: !isBad, realm: realm.realm, findings }, null, 2)}\n`)
  else printFindings(io, findings, needs, realm)
  return isBad ? 1 : 0
}

function printFindings(io: CommandIo, findings: readonly Finding[], needs: Needs, { realm }: Realm): void {
  const { bad, strong, faint } = coloursFor(io)
  for (const { severity, code, kind, name, message, mend } of findings) {
    const head = `${severity === 'error' ? bad('error') : strong('warning')} ${code}: `
    io.stdout(`${head}${withoutControls(`${kind} ${name}: ${message}`)}\n  ${faint(`→ ${withoutControls(mend)}`)}\n`)
  }
  const errors = findings.filter(({ severity }) => severity === 'error').length
  if (findings.length > 0) io.stdout('\n')
  const what = `${needs.scopes.length} scopes, ${needs.roles.length} roles and ${needs.claims.length} claims of the file`
  io.stdout(`realm ${withoutControls(realm)}, ${what}: ${errors} errors, ${findings.length - errors} warnings\n`)
}

function plan(io: CommandIo, needs: Needs, source: Source, options: Options): number {
  const made = makePlan(needs, source.realm, options.client ?? [])
  if (isEmpty(made)) io.stderr('nothing is missing\n')
  io.stdout(format(made, source, options.format))
  return 0
}

function format(made: Plan, { json }: Source, name: string): string {
  const print = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`
  switch (name) {
    case 'rest':
      return print(toAdminRequests(made, () => crypto.randomUUID()))
    case 'realm':
      return print(toRealmFragment(made))
    case 'merged':
      if (json === undefined) throw new UsageError('--format merged needs a realm file: --realm FILE')
      return print(mergeIntoRealm(json, toRealmFragment(made)))
    case 'terraform':
      return toTerraform(made)
    default:
      throw new UsageError(`no format ${name}; there are rest, realm, merged and terraform`)
  }
}
