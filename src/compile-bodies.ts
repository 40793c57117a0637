/** Compiles what a configuration demands of request bodies, before the configuration is in force. */
import { readDataFile } from './config/data-file.ts'
import type { GatewayConfig } from './config/gateway-config.ts'
import type { Schemas } from './config/load.ts'
import { pointerOf } from './config/openapi/json.ts'
import type { Problem } from './config/problem.ts'
import { fileProblem } from './config/source-file.ts'
import type { BodyFault } from './validation/compile-body.ts'

/** What is wrong with the schemas; when nothing is, `createRuntime` has checks of them in this process. */
export async function compileBodies(config: GatewayConfig, schemas: Schemas): Promise<Problem[]> {
  const policies = config.routes.flatMap(({ body }) => body ?? [])
  // The library that compiles is large: a file without schemas needs nothing of it.
  if (policies.length === 0) return []
  const { compileBody } = await import('./validation/compile-body.ts')
  return policies.flatMap((policy) => {
    return compileBody(policy).map((fault) => toProblem(fault, policy.file, policy.isOpenApi, schemas.get(policy.file)))
  })
}

function toProblem(fault: BodyFault, file: string, isOpenApi: boolean, text = ''): Problem {
  const { found } = readDataFile(text, file)
  const { pointer, message, operation } = fault
  const { at } = operation
  if (isOpenApi || found === undefined) {
    const whose = at === undefined ? '' : `${at.method} /${at.segments.join('/')}: `
    return {
      ...fileProblem(file, `${whose}the schema of the request body: ${message}`),
      line: operation.line,
      column: 1,
    }
  }
  return found.problem(pointerOf(`#${pointer}`) ?? [], message)
}
