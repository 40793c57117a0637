/** Runs the shell steps of a workflow as GitHub does: one after the other, in the checked out repository, until one fails. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

interface Step {
  readonly name?: string
  readonly run?: string
  readonly env?: Readonly<Record<string, string>>
}

export interface Workflow {
  readonly defaults: { readonly run: { readonly shell: string } }
  readonly env: Readonly<Record<string, string>>
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>>
}

export interface Run {
  /** The step that failed; undefined: none. */
  readonly failed: string | undefined
  readonly output: string
  readonly summary: string
}

export interface RunOptions {
  readonly cwd: string
  /** Of the runner. */
  readonly env: Readonly<Record<string, string>>
  /** Values of `${{ … }}` by their text. */
  readonly values: Readonly<Record<string, string>>
  /** Steps that the machine has behind it. */
  readonly done: readonly string[]
}

export async function runWorkflow({ env, jobs }: Workflow, options: RunOptions): Promise<Run> {
  const temp = mkdtempSync(join(tmpdir(), 'scopegate-runner-'))
  const summaryFile = join(temp, 'summary.md')
  writeFileSync(summaryFile, '')
  const common = { ...options.env, ...env, RUNNER_TEMP: temp, GITHUB_STEP_SUMMARY: summaryFile }
  const steps = Object.values(jobs).flatMap((job) => job.steps)
  let output = ''
  let failed: string | undefined
  for (const { name = '', run, env: own = {} } of steps) {
    if (run === undefined || options.done.includes(name) || failed !== undefined) continue
    const stepEnv = Object.fromEntries(Object.entries(own).map(([key, text]) => [key, evaluate(text, options.values)]))
    const result = await shell(evaluate(run, options.values), options.cwd, { ...common, ...stepEnv })
    output += result.output
    if (result.code !== 0) failed = name
  }
  const summary = readFileSync(summaryFile, 'utf8')
  rmSync(temp, { recursive: true })
  return { failed, output, summary }
}

function evaluate(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{\{ (.*?) \}\}/g, (_, expression: string) => {
    const value = values[expression]
    if (value === undefined) throw new Error(`no value for ${expression}`)
    return value
  })
}

/** As GitHub starts `shell: bash`. */
function shell(script: string, cwd: string, env: Readonly<Record<string, string>>) {
  const child = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], { cwd, env })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk
    })
  }
  return new Promise<{ code: number | null; output: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, output }))
  })
}
