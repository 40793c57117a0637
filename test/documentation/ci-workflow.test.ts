/** The workflow for the repository of a route-scope file, run in a real git repository. GitHub's API is a server of the test. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { validateWorkflow } from '@action-validator/core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import packageFile from '../../package.json' with { type: 'json' }
import { readProjectFile } from '../support/documents.ts'
import { type Run, runWorkflow, type Workflow } from '../support/github-workflow.ts'
import { commit, env, git, READ, repository, routesWith, WRITE, write } from '../support/policy-repository.ts'

const WORKFLOW = readProjectFile('examples/ci/github-action.yml')
const HAS_LABEL = 'contains(github.event.pull_request.labels.*.name, env.LABEL)'

/** The machine has the program, and what is not about the checks has a file that passes them. */
const INSTALLED = ['Install']
const CHECKED = [...INSTALLED, 'Validate', 'Test']
/** A run is a dozen processes. */
const PATIENCE = { timeout: 120_000 }

describe('examples/ci/github-action.yml', PATIENCE, () => {
  let server: Server
  let api: string
  let comments: { id: number; user: { login: string }; body: string }[]
  let requests: string[]
  let mayWrite: boolean

  beforeAll(async () => {
    server = createServer((request, response) => {
      let text = ''
      request.on('data', (chunk) => {
        text += chunk
      })
      request.on('end', () => {
        const { method, url = '' } = request
        if (request.headers.authorization !== 'Bearer job-token') response.writeHead(401)
        else if (method === 'GET') response.write(JSON.stringify(comments))
        else if (!mayWrite) response.writeHead(403)
        else {
          requests.push(`${method} ${url}`)
          const id = Number(/comments\/(\d+)$/.exec(url)?.[1])
          const { body = '' } = text === '' ? {} : JSON.parse(text)
          if (method === 'POST') comments.push({ id: 7, user: { login: 'github-actions[bot]' }, body })
          if (method === 'PATCH') comments = comments.map((one) => (one.id === id ? { ...one, body } : one))
        }
        response.end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => new Promise((resolve) => server.close(resolve)))
  beforeEach(() => {
    comments = [{ id: 3, user: { login: 'somebody' }, body: '<!-- scopegate --> not of the workflow' }]
    requests = []
    mayWrite = true
  })

  /** The commit that merging would make, checked out with its parents. */
  async function onPullRequest(
    change: () => void,
    { label = false, action = 'opened', done = CHECKED } = {},
  ): Promise<Run> {
    const base = git('rev-parse', 'main').trim()
    git('checkout', '--quiet', '-B', 'change', base)
    change()
    commit('change')
    git('checkout', '--quiet', '--detach', base)
    git('merge', '--quiet', '--no-ff', '--message', 'merge', 'change')
    const values = {
      'github.event.pull_request.number': '12',
      'github.event.action': action,
      'github.token': 'job-token',
      [HAS_LABEL]: String(label),
    }
    const runner = { ...env, GITHUB_API_URL: api, GITHUB_REPOSITORY: 'shop/routes' }
    return runWorkflow(parse(WORKFLOW) as Workflow, { cwd: repository, env: runner, values, done })
  }

  const own = () => comments.filter(({ user }) => user.login === 'github-actions[bot]').map(({ body }) => body)

  it('is a workflow by the schema of GitHub, and the check finds a mistake', () => {
    expect(validateWorkflow(WORKFLOW)).toMatchObject({ actionType: 'workflow', errors: [] })
    expect(validateWorkflow(WORKFLOW.replace('runs-on:', 'run-on:')).errors).not.toEqual([])
  })

  it('pins each action by its commit, and this program by its version', () => {
    const { jobs } = parse(WORKFLOW) as Workflow
    const steps = Object.values(jobs).flatMap((job) => job.steps as readonly { uses?: string; run?: string }[])
    const used = steps.flatMap(({ uses }) => uses ?? [])
    expect(used.length).toBeGreaterThan(0)
    for (const action of used) expect(action).toMatch(/^actions\/[a-z-]+@[0-9a-f]{40}$/)
    expect(WORKFLOW).toContain(`scopegate@${packageFile.version}\n`)
  })

  it('puts nothing that a pull request says into a script', () => {
    const { jobs } = parse(WORKFLOW) as Workflow
    for (const { run = '' } of Object.values(jobs).flatMap((job) => job.steps)) expect(run).not.toContain('${{')
    expect(WORKFLOW).not.toContain('pull_request_target')
  })

  it('fails and says who, when something is newly allowed', async () => {
    write(routesWith(READ))
    commit('base')
    const { failed, summary, output } = await onPullRequest(() => write(routesWith(READ, WRITE)))
    expect(failed, output).toBe('Decide')
    expect(output).toContain('::error file=scopegate.yaml::More may pass than before.')
    expect(own()).toEqual([expect.stringMatching(/^<!-- scopegate -->\n[\s\S]*### Newly allowed[\s\S]*orders:write/)])
    expect(summary).toContain('### Newly allowed')
  })

  it('lets it pass with the label, but not once there are new commits, which take the label away', async () => {
    write(routesWith(READ))
    commit('base')
    const wider = () => write(routesWith(READ, WRITE))
    expect(await onPullRequest(wider, { label: true, action: 'labeled' })).toMatchObject({ failed: undefined })
    requests = []
    expect(await onPullRequest(wider, { label: true, action: 'synchronize' })).toMatchObject({ failed: 'Decide' })
    expect(requests).toContain('DELETE /repos/shop/routes/issues/12/labels/scopegate%3A%20allows%20more')
  })

  it('comments on less that may pass, and does not fail', async () => {
    write(routesWith(READ, WRITE))
    commit('base')
    expect(await onPullRequest(() => write(routesWith(READ)))).toMatchObject({ failed: undefined })
    expect(own()).toEqual([expect.stringContaining('### Newly denied')])
  })

  it('says nothing when nothing changes in who may do what', async () => {
    write(routesWith(READ))
    commit('base')
    const run = await onPullRequest(() => write(`# a comment\n${routesWith(READ)}`))
    expect(run).toMatchObject({ failed: undefined, summary: '' })
    expect([own(), requests]).toEqual([[], []])
  })

  it('keeps one comment, and takes back what an earlier state changed', async () => {
    write(routesWith(READ))
    commit('base')
    await onPullRequest(() => write(routesWith(READ, WRITE)))
    await onPullRequest(() => write(routesWith(WRITE)))
    expect(own()).toEqual([expect.stringContaining('### Newly denied')])
    await onPullRequest(() => write(`# a comment\n${routesWith(READ)}`))
    expect(own()).toEqual(['<!-- scopegate -->\nThis pull request does not change who may do what.\n'])
    expect(comments[0]?.body).toContain('not of the workflow')
  })

  it('treats the first file as new in all of it', async () => {
    expect(await onPullRequest(() => write(routesWith(READ)))).toMatchObject({ failed: 'Decide' })
    expect(own()).toEqual([expect.stringMatching(/all of it is new[\s\S]*orders:read/)])
  })

  it('fails on a bad file, on a warning, on a red test, and when the file before cannot be read', async () => {
    const all = { done: INSTALLED }
    write(routesWith(READ))
    commit('base')
    expect(await onPullRequest(() => write('version: 2'), all)).toMatchObject({ failed: 'Validate' })
    const odd = routesWith({ methods: 'any', scopes: 'orders:all' })
    expect(await onPullRequest(() => write(odd), all)).toMatchObject({ failed: 'Validate' })
    const red = stringify({ ...parse(routesWith(READ)), tests: [{ request: 'GET /orders', expect: 200 }] })
    expect(await onPullRequest(() => write(red), all)).toMatchObject({ failed: 'Validate' })
    git('checkout', '--quiet', '-f', 'main')
    write('version: 2')
    commit('a bad one')
    expect(await onPullRequest(() => write(routesWith(READ)), all)).toMatchObject({ failed: 'Compare' })
  })

  it('still decides where its token may not write, as for a fork', async () => {
    mayWrite = false
    write(routesWith(READ))
    commit('base')
    const { failed, output, summary } = await onPullRequest(() => write(routesWith(READ, WRITE)))
    expect(failed).toBe('Decide')
    expect(output).toContain('::notice::no comment: the token may not write')
    expect(summary).toContain('### Newly allowed')
  })
})
