import { defineConfig } from 'vitest/config'

const shared = { root: new URL('..', import.meta.url).pathname, testTimeout: 20_000, hookTimeout: 180_000 }

export default defineConfig({
  test: {
    ...shared,
    projects: [
      { test: { ...shared, name: 'fast', include: ['test/**/*.test.ts'], exclude: ['test/e2e/**'] } },
      {
        // The data path once more, with the upstream client that is not the default.
        test: {
          ...shared,
          name: 'other client',
          include: ['test/integration/forwarding/**/*.test.ts', 'test/security/request-smuggling.test.ts'],
          env: { UPSTREAM_CLIENT: 'undici' },
        },
      },
      {
        // One Keycloak for all of these; nothing is started when no file of this folder is run.
        test: {
          ...shared,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/support/keycloak-setup.ts'],
        },
      },
    ],
  },
})
