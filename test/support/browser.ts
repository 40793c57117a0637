/** A real Chromium from PATH for tests: the browser is the only one who can say what a page may read and keep. */
import { spawnSync } from 'node:child_process'
import { type Browser, chromium } from 'playwright-core'
import { describeWith } from './describe-with.ts'

/** As Debian, Ubuntu and Google name it. */
const COMMANDS = ['chromium', 'chromium-browser', 'google-chrome']

function findChromium(): string | undefined {
  for (const command of COMMANDS) {
    const { status, stdout } = spawnSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' })
    if (status === 0) return stdout.trim()
  }
  return undefined
}

/** The path of the browser on this machine. */
const executablePath = findChromium()
const browserMissing = executablePath === undefined ? 'chromium is not in PATH' : undefined

/** `describeWith` a browser. */
export function describeWithBrowser(name: string, body: () => void): void {
  describeWith(browserMissing, name, body)
}

/**
 * A browser without a window; `newContext()` makes a person with cookies and a cache of their own. Whoever launches it
 * closes it. It has no sandbox of its own (tests run as root in containers), so it is for pages of ours alone.
 */
export async function launchBrowser(args: string[] = []): Promise<Browser> {
  if (executablePath === undefined) throw new Error(browserMissing)
  return chromium.launch({ executablePath, chromiumSandbox: false, args })
}
