import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { dispatch } from '../../../src/cli/dispatch.ts'
import { policy, policyFile } from '../../support/policy-file.ts'
import { recordOf } from '../authoring/recorded.ts'
import { createTestIo } from './test-io.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'scopegate-impact-'))
afterAll(() => rmSync(folder, { recursive: true }))

const read = { methods: ['GET'], scopes: 'r' }
const strict = { methods: ['GET'], scopes: { all: ['r', 's'] } }
const route = (more: Readonly<Record<string, unknown>>) => ({ routes: [{ path: '/a', to: 'orders', ...more }] })
const asked = (scope: string) => ({ method: 'GET', path: '/a', claims: { azp: 'spa', scope } })

async function impact(content: Readonly<Record<string, unknown>>, ...args: string[]) {
  const before = policy(route({ allow: [read] }))
  const records = ['r', 'r', 'r s'].map((scope) => `${JSON.stringify(recordOf(before, asked(scope)))}\n`)
  writeFileSync(path.join(folder, 'log.ndjson'), records.join(''))
  writeFileSync(path.join(folder, 'new.yaml'), policyFile(content))
  const io = createTestIo({ cwd: folder })
  const code = await dispatch(io, ['impact', 'new.yaml', '--from', 'log.ndjson', '--json', ...args], '1')
  return { code, denied: JSON.parse(io.out).newlyDenied }
}

describe('scopegate impact, of what is only reported', () => {
  const denied = [expect.objectContaining({ clientId: 'spa', route: '/a', what: '403', requests: 2 })]

  it.each([
    ['a candidate', { allow: [read], candidate: [strict] }],
    ['a candidate with an end', { allow: [read], candidate: [strict], until: '2099-03-31' }],
    ['a route in report mode', { allow: [strict], mode: 'report' }],
  ])('leaves %s out, and counts it as enforced with --enforce-reported', async (_, more) => {
    expect(await impact(route(more))).toEqual({ code: 0, denied: [] })
    expect(await impact(route(more), '--enforce-reported')).toEqual({ code: 1, denied })
  })

  it('counts a line in report mode as one that lets through', async () => {
    const lines = route({ allow: [strict, { ...read, mode: 'report' }] })
    expect(await impact(lines)).toEqual({ code: 1, denied })
    expect(await impact(lines, '--enforce-reported')).toEqual({ code: 0, denied: [] })
  })
})
