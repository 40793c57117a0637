/**
 * `node bench/commands.ts`: what the commands for a file cost with 10, 100 and 1,000 routes, as CPU and wall time of the built
 * program (`npm run build` first), beside a Node.js that does nothing. Medians of five runs each, in turn.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median } from './statistics.ts'

const PROGRAM = new URL('../dist/main.js', import.meta.url).pathname
const SIZES = [10, 100, 1000]
const ROUNDS = 5

/** Writes the CPU time of the process in microseconds to its descriptor 3, when it ends. */
const METER = `data:text/javascript,${encodeURIComponent(
  "import { writeSync } from 'node:fs'; process.on('exit', () => { const { user, system } = process.cpuUsage(); writeSync(3, String(user + system)) })",
)}`

const HEAD = `version: 1
issuers:
  main: { issuer: https://id.example.com/realms/shop, audience: shop-api, roles: keycloak }
upstreams: { orders: http://orders:8080, catalog: http://catalog:8080 }
rateLimits:
  per-ip: { limit: 300, window: 1m, key: client.ip, when: before-auth }
  per-user: { limit: 100, window: 1m, key: token.sub }
defaults: { rateLimits: [per-ip, per-user] }
routes:
`

/** What teams write: subtrees, single resources, what belongs to somebody. */
function routeOf(index: number): string {
  const team = `team-${index % 40}`
  switch (index % 3) {
    case 0:
      return `  - path: /${team}/thing-${index}/**
    to: orders
    allow:
      - { methods: [GET], scopes: ${team}:read }
      - { methods: [POST, PUT], scopes: ${team}:write }
      - { methods: any, roles: admin }
`
    case 1:
      return `  - path: /${team}/thing-${index}/{id}
    to: catalog
    allow:
      - { methods: [GET], scopes: ${team}:read }
      - { methods: [DELETE], roles: { any: [admin, ${team}-manager] } }
`
    default:
      return `  - path: /users/{userId}/thing-${index}
    to: { upstream: orders, rewrite: "/internal/{userId}/thing-${index}" }
    allow:
      - methods: [GET]
        scopes: { all: [${team}:read, profile] }
        where: { path.userId: token.sub }
`
  }
}

interface Cost {
  readonly cpuMs: number
  readonly wallMs: number
}

function run(args: readonly string[]): Cost {
  const start = performance.now()
  const { output } = spawnSync(process.execPath, ['--import', METER, ...args], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  return { cpuMs: Number(output[3]) / 1000, wallMs: performance.now() - start }
}

const folder = mkdtempSync(join(tmpdir(), 'scopegate-commands-'))
const rows = new Map<string, { readonly args: readonly string[]; readonly costs: Cost[] }>()
rows.set('node -e 0', { args: ['-e', '0'], costs: [] })
for (const size of SIZES) {
  const [file, changed] = [join(folder, `${size}.yaml`), join(folder, `${size}-changed.yaml`)]
  const text = HEAD + Array.from({ length: size }, (_, index) => routeOf(index)).join('')
  writeFileSync(file, text)
  writeFileSync(changed, text.replace('scopes: team-0:write', 'scopes: team-0:read'))
  const commands = {
    explain: ['explain', 'GET /team-0/thing-0/7', '--claims', '{"scope":"team-0:read"}', '-c', file],
    diff: ['diff', file, changed],
    validate: ['validate', '-c', file],
  }
  for (const [name, args] of Object.entries(commands)) {
    rows.set(`${name}, ${size} routes`, { args: [PROGRAM, ...args], costs: [] })
  }
}
for (let round = 0; round < ROUNDS; round++) for (const { args, costs } of rows.values()) costs.push(run(args))
rmSync(folder, { recursive: true })
for (const [name, { costs }] of rows) {
  const [cpu, wall] = [median(costs.map(({ cpuMs }) => cpuMs)), median(costs.map(({ wallMs }) => wallMs))]
  process.stdout.write(`${name.padEnd(24)}${cpu.toFixed(0).padStart(6)} ms CPU${wall.toFixed(0).padStart(6)} ms\n`)
}
