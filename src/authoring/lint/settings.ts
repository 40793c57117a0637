/** Settings that are weaker than they look. */
import type { Find, LintFile } from './rule.ts'

/** Keycloak gives this audience to the tokens of nearly every user and client of a realm. */
export function* accountAudience({ config }: LintFile): Generator<Find> {
  for (const { name, audience } of config.issuers.values()) {
    if (!audience.includes('account')) continue
    const message =
      'Keycloak puts "account" into tokens for all clients of the realm: it does not tell tokens for this API apart'
    yield { path: ['issuers', name, 'audience'], message }
  }
}

/** `iss` is compared byte for byte, and Keycloak's has no slash at its end: no token would count. */
export function* issuerSlashes({ config }: LintFile): Generator<Find> {
  for (const { name, issuer } of config.issuers.values()) {
    if (!/\/realms\/[^/]+\/$/.test(issuer)) continue
    const message = 'the issuer of a Keycloak realm has no slash at its end, and is compared byte for byte with iss'
    yield { path: ['issuers', name, 'issuer'], message }
  }
}

/** What is to be tried for a while, and nobody ends it. */
export function* endlessReports({ routes }: LintFile): Generator<Find> {
  for (const { route, path } of routes) {
    const { report, until } = route
    if (report === undefined || until !== undefined) continue
    const message = 'no day is named after which what is reported is enforced'
    if (report.of === 'route') yield { path: [...path, 'mode'], message }
    else yield { path: [...path, report.of === 'lines' ? 'allow' : 'candidate'], at: 'key', message }
  }
}
