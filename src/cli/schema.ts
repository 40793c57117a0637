import { editorJsonSchema } from '../config/json-schema.ts'
import { readNoArguments } from './arguments.ts'
import type { CommandIo } from './command-io.ts'

/** `scopegate schema`: the JSON Schema of the file, for editors. */
export function run(io: CommandIo, args: string[]): number {
  readNoArguments(args)
  io.stdout(`${JSON.stringify(editorJsonSchema(), null, 2)}\n`)
  return 0
}
