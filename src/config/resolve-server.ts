/** What cannot change without a restart: listeners, Redis, sizes and times. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { RedisConfig, ServerConfig } from './gateway-config.ts'
import type { Path } from './problem.ts'
import { type ReadSibling, readOr, readSecret } from './read-secret.ts'
import type { Report } from './report.ts'
import { resolveAdmin } from './resolve-admin.ts'
import type { GatewayFile } from './schema.ts'

export function resolveServer(file: GatewayFile, report: Report, read: ReadSibling): ServerConfig {
  const { listen, limits, decisions } = file
  const tls = listen.tls && resolveTls(listen.tls, report, read)
  const redis = file.redis && resolveRedis(file.redis, report, read)
  return {
    listen: { host: listen.host, port: listen.port, ...(tls ? { tls } : {}) },
    admin: resolveAdmin(file, report, read),
    workers: file.workers,
    upstreamClient: file.upstreamClient,
    ...(redis ? { redis } : {}),
    ...(decisions ? { decisions: toDecisions(decisions) } : {}),
    headersBytes: limits.headers,
    urlBytes: limits.url,
    headerTimeoutMs: limits.headerTimeout,
    requestTimeoutMs: limits.requestTimeout,
    keepAliveTimeoutMs: limits.keepAliveTimeout,
    connections: limits.connections,
    inFlight: limits.inFlight,
    loopDelayMs: limits.loopDelay,
    shutdownGraceMs: file.shutdown.grace,
  }
}

function toDecisions({ file, maxSize, keep, sample }: NonNullable<GatewayFile['decisions']>) {
  return { file, maxBytes: maxSize, keep, sample }
}

function resolveTls({ cert, key }: { cert: string; key: string }, report: Report, read: ReadSibling) {
  const path = ['listen', 'tls']
  const certPem = readOr([...path, 'cert'], cert, report, read)
  const keyPem = readOr([...path, 'key'], key, report, read)
  const certificate = certPem && attempt(() => new X509Certificate(certPem))
  const privateKey = keyPem && attempt(() => createPrivateKey(keyPem))
  if (certPem !== undefined && !certificate) report.error([...path, 'cert'], 'the file holds no PEM certificate')
  if (keyPem !== undefined && !privateKey)
    report.error([...path, 'key'], 'the file holds no PEM private key without a passphrase')
  if (certificate && privateKey && !certificate.checkPrivateKey(privateKey)) {
    report.error([...path, 'key'], 'the key does not belong to the certificate')
  }
  return certPem !== undefined && keyPem !== undefined ? { cert: certPem, key: keyPem } : undefined
}

function attempt<T>(build: () => T): T | undefined {
  try {
    return build()
  } catch {
    return undefined
  }
}

type RedisFile = NonNullable<GatewayFile['redis']>

function resolveRedis(it: RedisFile, report: Report, read: ReadSibling): RedisConfig {
  if ([it.url, it.cluster, it.sentinel].filter((way) => way !== undefined).length !== 1) {
    report.error(['redis'], 'expected exactly one of url, cluster and sentinel', { at: 'key' })
  }
  const url = readSecret(it.url, ['redis', 'url'], report, read)
  const password = readSecret(it.password, ['redis', 'password'], report, read)
  if (url !== undefined) checkUrl(url, it, report)
  for (const [index, node] of (it.cluster ?? []).entries()) checkNode(node, ['redis', 'cluster', index], report)
  for (const [index, node] of (it.sentinel?.nodes ?? []).entries()) {
    checkNode(node, ['redis', 'sentinel', 'nodes', index], report)
  }
  return {
    ...(url === undefined ? {} : { url }),
    ...(it.cluster ? { cluster: it.cluster } : {}),
    ...(it.sentinel ? { sentinel: it.sentinel } : {}),
    ...(it.tls === undefined ? {} : { tls: it.tls }),
    ...(it.username === undefined ? {} : { username: it.username }),
    ...(password === undefined ? {} : { password }),
  }
}

function checkUrl(text: string, it: RedisFile, report: Report): void {
  const url = URL.parse(text)
  if (url?.protocol !== 'redis:' && url?.protocol !== 'rediss:') {
    report.error(['redis', 'url'], 'expected an address that starts with redis:// or, for TLS, rediss://')
    return
  }
  if (url.hostname === '') report.error(['redis', 'url'], 'the address has no host')
  if (it.tls !== undefined && it.tls !== (url.protocol === 'rediss:')) {
    report.error(['redis', 'tls'], 'for a url, rediss:// or redis:// says whether TLS is used; leave tls out')
  }
  if (url.password !== '' && it.password !== undefined) {
    report.error(['redis', 'password'], 'the address holds a password already', { at: 'key' })
  }
}

function checkNode(node: string, path: Path, report: Report): void {
  if (!/^([\w.-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/.test(node)) report.error(path, 'expected host:port')
}
