import { createDescriptorLog, type DescriptorLog } from '../observability/descriptor-log.ts'
import type { CommandIo } from './command-io.ts'

/** The log of a process that runs until it is told to stop. */
export function openLog({ logDescriptor, stdout }: CommandIo): DescriptorLog {
  if (logDescriptor !== undefined) return createDescriptorLog(logDescriptor)
  return { write: stdout, isIdle: () => true, close: async () => {} }
}
