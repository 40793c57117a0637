/** Starts one Keycloak before the end-to-end tests and stops it after them. */
import type { TestProject } from 'vitest/node'
import { type Keycloak, missingForKeycloak, startKeycloak } from './keycloak.ts'

let keycloak: Keycloak | undefined

export async function setup(project: TestProject): Promise<void> {
  const missing = await missingForKeycloak()
  if (missing !== undefined) {
    const message = `Keycloak tests need ${missing}, which is not installed (or KEYCLOAK_URL)`
    if (process.env.CI === 'true') throw new Error(message)
    console.warn(`${message}: skipped`)
    return project.provide('keycloak', { missing })
  }
  keycloak = await startKeycloak()
  const { url, adminUser, adminPassword, logFile } = keycloak
  project.provide('keycloak', { url, adminUser, adminPassword, ...(logFile === undefined ? {} : { logFile }) })
}

export async function teardown(): Promise<void> {
  await keycloak?.close()
}
