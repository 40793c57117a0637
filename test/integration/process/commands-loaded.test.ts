/**
 * What `explain` and `diff` load, for with few routes that is most of what they cost. Not timed: whatever they load without
 * need shows up here by its name.
 */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildProgram } from '../../support/built-program.ts'
import { createLoadReporter, type Loaded, type LoadReporter } from '../../support/loaded-parts.ts'

const FILE = `version: 1
issuers: { main: { issuer: https://id.example.com/realms/shop, audience: shop-api } }
upstreams: { orders: http://orders:8080 }
routes:
  - path: /orders/**
    to: orders
    allow: [{ methods: [GET], scopes: orders:read }]
`

let program: Awaited<ReturnType<typeof buildProgram>>
let reporter: LoadReporter

beforeAll(async () => {
  program = await buildProgram()
  reporter = await createLoadReporter(program.folder)
  await writeFile(join(program.folder, 'scopegate.yaml'), FILE)
})
afterAll(() => program.remove())

async function loadedBy(...args: string[]): Promise<{ readonly stdout: string; readonly loaded: Loaded }> {
  const command = [...reporter.args, join(program.folder, 'dist/main.js'), ...args]
  const env = { ...process.env, ...reporter.env }
  const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: program.folder, env })
  return { stdout, loaded: await reporter.read() }
}

describe('what a command loads', () => {
  it('is for explain the request path and the file, and of packages those of the file alone', async () => {
    const { stdout, loaded } = await loadedBy('explain', 'GET /orders/7', '--claims', '{"scope":"orders:read"}')
    expect(stdout).toContain('GET /orders/7  goes to orders')
    expect(loaded.packages).toEqual(['yaml', 'zod'])
    expect(loaded.areas).toEqual([
      ...['authentication', 'authoring', 'authorization', 'cli', 'config', 'forwarding', 'http', 'observability'],
      ...['rate-limiting', 'routing', 'tickets', 'validation'],
    ])
    expect(loaded.node.filter((name) => ['http', 'https', 'tls', 'worker_threads'].includes(name))).toEqual([])
  })

  it('is for diff the decisions and the file, and nothing that asks git', async () => {
    const { stdout, loaded } = await loadedBy('diff', 'scopegate.yaml', 'scopegate.yaml')
    expect(stdout).toContain('Nothing more may pass than before.')
    expect(loaded.packages).toEqual(['yaml', 'zod'])
    expect(loaded.areas).toEqual(['authentication', 'authoring', 'authorization', 'cli', 'config', 'routing'])
    expect(loaded.node.filter((name) => ['http', 'https', 'tls', 'child_process'].includes(name))).toEqual([])
  })
})
