import { execFile } from 'node:child_process'
import path from 'node:path'
import tls from 'node:tls'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { openTo, writeConfig } from '../../support/gateway.ts'
import { closingAfterEach } from '../../support/keep.ts'
import { waitFor } from '../../support/wait-for.ts'
import { spawnWorkers } from '../../support/workers.ts'

const keep = closingAfterEach()

/** Names in the certificates that many new connections get; some come to either worker. */
async function namesOf(url: string): Promise<Set<string>> {
  const names = Array.from({ length: 40 }, async () => {
    const socket = tls.connect({ host: '127.0.0.1', port: Number(new URL(url).port), rejectUnauthorized: false })
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
    const { CN } = socket.getPeerCertificate().subject
    socket.destroy()
    return String(CN)
  })
  return new Set(await Promise.all(names))
}

it('workers take over a renewed certificate together, and keep the one before when TLS refuses it', async () => {
  const folder = path.dirname(keep(await writeConfig({})).file)
  const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')]
  const issue = async (name: string, algorithm = 'ec -pkeyopt ec_paramgen_curve:prime256v1') => {
    const options = `req -x509 -newkey ${algorithm} -nodes -days 2 -subj /CN=${name} -keyout ${key} -out ${cert}`
    await promisify(execFile)('openssl', options.split(' '))
  }
  await issue('before')
  const listen = { host: '127.0.0.1', port: 0, tls: { cert, key } }
  const gateway = keep(await spawnWorkers({ ...openTo('http://127.0.0.1:1'), listen }))
  expect(await namesOf(gateway.url)).toEqual(new Set(['before']))

  await issue('after')
  gateway.child.kill('SIGHUP')
  await waitFor('the reload', () => gateway.metric('scopegate_config_reloads_total{result="applied"}'))
  expect(await namesOf(gateway.url)).toEqual(new Set(['after']))

  // Fits, and is good PEM; only TLS itself takes no key that short.
  await issue('weak', 'rsa:1024')
  gateway.child.kill('SIGHUP')
  await waitFor('the refusal', () => gateway.metric('scopegate_config_reloads_total{result="refused"}'))
  expect(await namesOf(gateway.url)).toEqual(new Set(['after']))
})
