/** `explain --curl`, with the body that curl would send. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { FILE, fileWith, folder, good, run } from './body-files.ts'

const CLAIMS = ['--claims', '{"scope":"orders:write"}']
const explain = (options: string, ...more: string[]) =>
  run(FILE, good, 'explain', ...CLAIMS, '--curl', `curl http://h/orders ${options}`, ...more)

const LIMITED = fileWith('{ schema: schemas/order.json }')
  .replace(/body: .*\n/, 'rateLimits: [per-name]\n')
  .replace('routes:', `rateLimits: { per-name: { limit: 5, window: 1m, key: form.username } }\nroutes:`)

describe('scopegate explain --curl', () => {
  it.each([
    [`--json '{"item":"tea"}'`, 'goes to orders'],
    [`-H 'Content-Type: application/json' -d '{"item":"tea"}'`, 'goes to orders'],
    [
      `--json '{"tags":1}'`,
      '422 body_mismatch\nthe body does not match: "#" must have the member "item"; "#/tags" must be array',
    ],
    [`--json '{"item":'`, '400 body_malformed'],
    [`-d '{"item":"tea"}'`, '415 unsupported_media_type\nexpected application/json'],
    [`-H 'Content-Type:' -d '{"item":"tea"}'`, '415 unsupported_media_type'],
    ['-F item=tea', '415 unsupported_media_type\nexpected application/json'],
    [`--json '{"item":"${'x'.repeat(1024 ** 2)}"}'`, '413 body_too_large'],
    ['-X POST', '400 body_missing'],
    ['-G -d a=b', 'goes to orders'],
  ])('says what the check of the route says: %.60s', async (options, verdict) => {
    const { out, code } = await explain(options)
    expect(out).toContain(`/orders  ${verdict}`)
    expect(code).toBe(0)
  })

  it('opens no file that the command names, and says so; --body gives it', async () => {
    const secret = path.join(folder, 'order-of-curl.json')
    writeFileSync(secret, '{"tags":1}')
    const type = "-H 'Content-Type: application/json'"
    const unread = await explain(`${type} -d @${secret}`)
    expect(unread.out).toContain('goes to orders')
    expect(unread.out).toContain('nothing that a command names is opened: give it with --body @FILE')
    const given = await explain(`${type} -d @${secret}`, '--body', `@${secret}`)
    expect(given.out).toContain('422 body_mismatch')
    expect(given.out).not.toContain('nothing that a command names')
  })

  it('says whether a form has the field that a limit counts by', async () => {
    const limited = (options: string) =>
      run(LIMITED, good, 'explain', ...CLAIMS, '--curl', `curl http://h/orders ${options}`)
    const has = await limited('-d username=u')
    expect(has.out).toContain('by form.username, after-auth: counts\n')
    expect((await limited('-d name=u')).out).toContain(
      'by form.username, after-auth: counts (the body has no username)',
    )
    expect((await limited('-X POST')).out).toContain('counts (the body has no username)')
    const json = JSON.parse(
      (await run(LIMITED, good, 'explain', ...CLAIMS, '--json', '--curl', 'curl http://h/orders -d a=b')).out,
    )
    expect(json.limits).toMatchObject([{ name: 'per-name', counts: true, missing: ['username'] }])
  })
})
