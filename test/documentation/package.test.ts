/** What is published: the files that package.json names, and a program that runs from them. */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, realpath, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import packageFile from '../../package.json' with { type: 'json' }
import { describeWithBrowser, launchBrowser } from '../support/browser.ts'
import { readProjectFile } from '../support/documents.ts'
import { openTo } from '../support/gateway.ts'
import { spawnGateway } from '../support/gateway-process.ts'
import { request } from '../support/raw-http.ts'

const root = new URL('../..', import.meta.url).pathname
const run = (args: readonly string[], cwd: string) => promisify(execFile)(process.execPath, args, { cwd })

describe('the package', () => {
  let folder: string

  /** Built in a copy, so that whoever uses `dist` meanwhile is not disturbed; then only what is published stays. */
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scopegate-package-'))
    const copy = join(folder, 'source')
    for (const part of ['src', 'scripts', 'package.json', 'tsconfig.json', ...packageFile.files]) {
      if (part !== 'dist') await cp(join(root, part), join(copy, part), { recursive: true })
    }
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
    await run(['scripts/build.mjs'], copy)
    for (const part of ['package.json', ...packageFile.files]) {
      await cp(join(copy, part), join(folder, 'package', part), { recursive: true })
    }
    await rm(copy, { recursive: true })
    await rm(join(folder, 'node_modules'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('runs from the files that are published, without the source or any package', async () => {
    const main = join(folder, 'package', packageFile.bin.scopegate)
    expect(await run([main, '--version'], root)).toEqual({ stdout: `${packageFile.version}\n`, stderr: '' })
    const { stdout } = await run([main, 'validate', '-c', join(root, 'scopegate.yaml')], root)
    expect(stdout).toMatch(/^ok: 4 routes/)
  })

  it('starts by itself, with the options that its first line gives to Node', async () => {
    const main = join(folder, 'package', packageFile.bin.scopegate)
    const PATH = `${dirname(process.execPath)}:${process.env.PATH}`
    const { stdout } = await promisify(execFile)(main, ['--version'], { env: { PATH } })
    expect(stdout).toBe(`${packageFile.version}\n`)
    expect(await readFile(main, 'utf8')).toMatch(
      /^#!\/usr\/bin\/env -S node --disable-sigusr1 --max-semi-space-size=4\n/,
    )
    expect(readProjectFile('Dockerfile')).toContain('ENTRYPOINT ["/app/dist/main.js"]')
  })

  it('gives editors the JSON Schema of the file, under its name', async () => {
    const script = `console.log(require.resolve('scopegate/scopegate.schema.json'))`
    const { stdout } = await run(['--eval', script], join(folder, 'package'))
    expect(await readFile(stdout.trim(), 'utf8')).toBe(readProjectFile('scopegate.schema.json'))
    expect(stdout).toContain(await realpath(folder))
  })

  it('serves the API reference page from its own files, the library included', async () => {
    const issuers = { main: { issuer: 'https://id.example.com', audience: 'api' } }
    const file = { ...openTo('http://127.0.0.1:1'), issuers, docs: { clientId: 'docs' } }
    const gateway = await spawnGateway(file, { program: [join(folder, 'package', packageFile.bin.scopegate), 'start'] })
    try {
      const get = async (name: string) => (await request(gateway.url, [`GET /docs${name} HTTP/1.1`])).body
      expect(await get('/page.js')).toBe(await readFile(join(root, 'src/docs-page/docs-files/page.js'), 'latin1'))
      for (const name of ['swagger-ui-bundle.js', 'swagger-ui.css']) {
        expect(await get(`/${name}`)).toBe(await readFile(join(root, 'node_modules/swagger-ui-dist', name), 'latin1'))
      }
      expect(JSON.parse(await get('/openapi.json')).openapi).toBe('3.1.0')
      const licences = await readFile(join(folder, 'package/dist/THIRD-PARTY-LICENSES.txt'), 'utf8')
      expect(licences).toContain('swagger-ui-dist 5.35.0 (Apache-2.0)')
      expect(licences).toContain('DOMPurify')
    } finally {
      await gateway.stop()
    }
  })

  it('serves the console from its own files, as the source does', async () => {
    const gateway = await spawnGateway(openTo('http://127.0.0.1:1'), {
      program: [join(folder, 'package', packageFile.bin.scopegate), 'start'],
    })
    try {
      const get = (name: string) => request(gateway.adminUrl, [`GET /console${name} HTTP/1.1`])
      for (const name of ['', '/style.css', '/icon.svg']) {
        const file = name === '' ? '/index.html' : name
        const text = Buffer.from((await get(name)).body, 'latin1').toString()
        expect(text).toBe(readProjectFile(`src/console/page${file}`))
      }
      const { status, headers, body } = await get('/console.js')
      expect([status, headers.get('content-type')]).toEqual([200, ['text/javascript; charset=utf-8']])
      // All modules in one.
      expect(body).not.toMatch(/\bimport\b/)
    } finally {
      await gateway.stop()
    }
  })

  describeWithBrowser('in a browser', () => {
    it('has a console that works', async () => {
      const gateway = await spawnGateway(openTo('http://127.0.0.1:1'), {
        program: [join(folder, 'package', packageFile.bin.scopegate), 'start'],
      })
      const browser = await launchBrowser()
      try {
        const page = await browser.newPage()
        await page.goto(`${gateway.adminUrl}/console`)
        await page.getByText('Ready', { exact: true }).waitFor()
        await page.getByText('public: for a test').waitFor()
        await page.getByRole('button', { name: 'Explain' }).click()
        await page.getByRole('heading', { name: 'let through to up' }).waitFor()
      } finally {
        await browser.close()
        await gateway.stop()
      }
    })
  })

  it('holds the licence of each package that is in the bundle', async () => {
    const dist = join(folder, 'package/dist')
    const files = (await readdir(dist)).filter((file) => file.endsWith('.js'))
    const code = await Promise.all(files.map((file) => readFile(join(dist, file), 'utf8')))
    const bundled = code.join('\n').matchAll(/^\/\/ .*\bnode_modules\/((?:@[^/]+\/)?[^/]+)\//gm)
    const licences = await readFile(join(dist, 'THIRD-PARTY-LICENSES.txt'), 'utf8')
    const named = [...licences.matchAll(/^(\S+) \d+\.\d+\.\d+ \((?:MIT|ISC|Apache-2\.0|BSD-3-Clause)\)\n\n\S/gm)]
    // Beside what is in the bundle, the library of the API reference page.
    const copied = [...[...bundled].map(([, name]) => name), 'swagger-ui-dist']
    expect(new Set(named.map(([, name]) => name))).toEqual(new Set(copied))
    expect(named.map(([, name]) => name)).toContain('hono')
  })

  it('has the licence that it names', () => {
    expect(packageFile.license).toBe('Apache-2.0')
    expect(packageFile.files).toContain('LICENSE')
    expect(readProjectFile('LICENSE')).toMatch(/^\s*Apache License\n\s*Version 2\.0, January 2004/)
  })

  it('asks for the Node that README asks for', () => {
    const [, least = ''] = /^>=(\d+)$/.exec(packageFile.engines.node) ?? []
    expect(readProjectFile('README.md')).toContain(`Node.js ${least} or later`)
  })
})
