// Bundles src/main.ts into dist/main.js: one file to load at start, npm packages left outside.
import { chmod, copyFile, rm } from 'node:fs/promises'
import { rolldown } from 'rolldown'

const dist = new URL('../dist/', import.meta.url)
await rm(dist, { recursive: true, force: true })
const bundle = await rolldown({
  input: 'src/main.ts',
  cwd: new URL('..', import.meta.url).pathname,
  platform: 'node',
  external: (id) => !/^[./]/.test(id),
})
await bundle.write({
  dir: 'dist',
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: '[name].js',
})
await bundle.close()
// Read beside the module that uses it, which is now the bundle.
await copyFile(new URL('../src/rate-limiting/sliding-window.lua', import.meta.url), new URL('sliding-window.lua', dist))
await chmod(new URL('main.js', dist), 0o755)
