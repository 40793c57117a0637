/** One worker process: the data listener of a gateway. It does what the primary says, and outlives it only to drain. */
import cluster, { type Worker } from 'node:cluster'
import type { AddressInfo } from 'node:net'
import { createSecureContext } from 'node:tls'
import { assemble, type Parts } from '../assemble.ts'
import { withBodies } from '../compile-bodies.ts'
import type { GatewayConfig } from '../config/gateway-config.ts'
import { formatProblem } from '../config/problem.ts'
import { withDocs } from '../docs-page/with-docs.ts'
import type { PreparedConfig } from '../live-runtime.ts'
import { load, type RunOptions } from '../run-gateway.ts'
import { fingerprintOf } from './fingerprint.ts'
import { type Asked, type Question, type Report, type Start, type Talk, type Texts, toFailure } from './messages.ts'
import { shareOf } from './share-of.ts'

type Answers = {
  readonly [Q in Question]: (brings: Talk[Q]['brings']) => Talk[Q]['answer'] | Promise<Talk[Q]['answer']>
}

/** False in a process that no primary started. */
export function isWorker(): boolean {
  return cluster.worker !== undefined
}

/** Resolves when everything is freed and the process may end. */
export function runWorker(io: Pick<RunOptions, 'env' | 'cwd' | 'log'>): Promise<void> {
  const primary = cluster.worker as Worker
  const done = Promise.withResolvers<void>()
  const answers = createAnswers(io)
  let draining: Promise<Report> | undefined
  const drain = (): Promise<Report> => {
    draining ??= Promise.resolve(answers.drain(null))
    return draining
  }

  async function answer({ question, brings }: Asked): Promise<Talk[Question]['answer']> {
    if (question === 'drain') return drain()
    return (answers[question] as (brings: unknown) => Talk[Question]['answer'])(brings)
  }

  primary.on('message', (asked: Asked) => {
    const { id, question } = asked
    void answer(asked)
      .then(
        (value) => ({ id, answer: value }),
        (error: unknown) => ({ id, failure: toFailure(error) }),
      )
      .then((answered) => {
        if (primary.isConnected()) primary.send(answered, () => question === 'drain' && primary.disconnect())
      })
  })
  // Asked for or not: the primary may have been killed.
  primary.once('disconnect', () => {
    // Otherwise node:cluster ends the process at once, and the requests in flight with it.
    primary.exitedAfterDisconnect = true
    void drain().finally(done.resolve)
  })
  return done.promise
}

function createAnswers({ env, cwd, log }: Pick<RunOptions, 'env' | 'cwd' | 'log'>): Answers {
  let starting: Promise<Parts> | undefined
  let started: Start | undefined
  let prepared: PreparedConfig | undefined
  let renewCertificate = (): void => {}
  let setLogLevel = (): void => {}

  async function read({ configFile, workers, worker }: Start, { text, schemas: sent }: Texts) {
    const options = { configFile, env, log, ...(cwd !== undefined && { cwd }) }
    const { config, problems } = await withDocs(await withBodies(load(options, { text, schemas: new Map(sent) })))
    if (problems !== undefined) throw new Error(problems.map(formatProblem).join('\n'))
    return { fingerprint: fingerprintOf(config), config: shareOf(config, workers, worker) }
  }

  return {
    async start(start) {
      started = start
      const reading = read(start, start)
      const { configFile: source, pseudonym } = start
      starting = reading.then(({ config }) => assemble(config, { log, source, pseudonym }))
      return listen(await starting, (await reading).config, start)
    },
    async prepare(texts) {
      const { live, server, logger } = await running()
      const { fingerprint, config } = await read(started as Start, texts)
      const { tls } = config.server.listen
      // What would make the renewal fail after the others have changed.
      if (tls) createSecureContext(tls)
      prepared = live.prepare(config)
      setLogLevel = () => {
        logger.level = config.log.level
      }
      renewCertificate = () => tls && server.renewCertificate(tls)
      return { fingerprint }
    },
    commit() {
      renewCertificate()
      prepared?.commit()
      setLogLevel()
      prepared = undefined
      return null
    },
    abort() {
      prepared?.abort()
      prepared = undefined
      return null
    },
    report: async () => toReport(await running()),
    look: async () => (await running()).look(),
    async drain() {
      const parts = await starting?.catch(() => undefined)
      if (parts === undefined) return { notReady: [], metrics: [] }
      await parts.drain()
      const report = toReport(parts)
      await parts.free()
      return report
    },
  }

  function running(): Promise<Parts> {
    if (starting === undefined) throw new Error('the worker was not started')
    return starting
  }
}

function listen({ server }: Parts, { server: { listen: at } }: GatewayConfig, start: Start): Promise<AddressInfo> {
  return server.listen(at.host, start.port, start.sharing)
}

function toReport({ live, metrics }: Parts): Report {
  return { notReady: live.notReady(), metrics: metrics.snapshot() }
}
