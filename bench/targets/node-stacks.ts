/** What a user would write or pick in Node instead. Their packages are those of `bench/alternatives`. */
import { existsSync } from 'node:fs'
import { freePort } from '../../test/support/free-port.ts'
import { ALL_CHECKS } from '../checks.ts'
import { GATEWAY_CORE, startPinned } from '../processes.ts'
import type { Row } from '../row.ts'
import { AUDIENCE, SCOPE } from '../tokens.ts'

const FOLDER = new URL('../alternatives/', import.meta.url).pathname

function nodeStack(id: string, title: string, script: string, neededPackage: string): Row {
  return {
    ...{ id, title, group: 'other', tokens: 'few', checks: ALL_CHECKS },
    missing: () =>
      existsSync(`${FOLDER}node_modules/${neededPackage}`)
        ? undefined
        : `${neededPackage} is not installed (npm run bench -- --install)`,
    async start(world) {
      const port = await freePort()
      const { issuer, jwksUrl } = world.issuer
      const args = [String(port), String(world.upstream.port), issuer, jwksUrl, AUDIENCE, SCOPE]
      const options = { core: GATEWAY_CORE, port, outputFile: world.outputFile(id) }
      return startPinned([process.execPath, FOLDER + script, ...args], options)
    },
  }
}

export const NODE_STACK_ROWS: readonly Row[] = [
  nodeStack('fastify', 'Fastify: http-proxy and jwt with its cache', 'fastify.mjs', '@fastify/http-proxy'),
  nodeStack('fast-gateway', 'fast-gateway with jose', 'fast-gateway.mjs', 'fast-gateway'),
  nodeStack('hono-stack', 'Hono, jwtVerify, fetch: what most write', 'hono-stack.mjs', 'hono'),
]
