/** Compiles what a configuration demands of request bodies, before the configuration is in force. */
import { readDataFile } from './config/data-file.ts'
import type { GatewayConfig } from './config/gateway-config.ts'
import type { LoadResult, Schemas } from './config/load.ts'
import { pointerOf } from './config/openapi/json.ts'
import type { Problem } from './config/problem.ts'
import { fileProblem } from './config/source-file.ts'
import type { BodyFault } from './validation/compile-body.ts'

/**
 * The same result once its bodies have their checks, which `createRuntime` then has in this process; else what is wrong with
 * their schemas.
 */
export async function withBodies(result: LoadResult): Promise<LoadResult> {
  if (result.config === undefined) return result
  const { config, schemas } = result
  const problems = await compileBodies(config, schemas)
  return problems.length > 0 ? { problems, schemas } : result
}

async function compileBodies(config: GatewayConfig, schemas: Schemas): Promise<Problem[]> {
  const policies = config.routes.flatMap(({ body }) => body ?? [])
  // The library that compiles is large: a file without schemas needs nothing of it.
  if (policies.length === 0) return []
  const { compileBody } = await import('./validation/compile-body.ts')
  return policies.flatMap((policy) => {
    const faults = compileBody(policy)
    if (faults.length === 0) return []
    if (policy.isOpenApi) return faults.map((fault) => operationProblem(policy.file, fault))
    // Read again for the places, once for all that is wrong.
    const { found } = readDataFile(schemas.get(policy.file) ?? '', policy.file)
    return faults.map((fault) => {
      return found?.problem(pointerOf(`#${fault.pointer}`) ?? [], fault.message) ?? operationProblem(policy.file, fault)
    })
  })
}

function operationProblem(file: string, { message, operation: { at, line } }: BodyFault): Problem {
  const whose = at === undefined ? '' : `${at.method} /${at.segments.join('/')}: `
  return { ...fileProblem(file, `${whose}the schema of the request body: ${message}`), line, column: 1 }
}
