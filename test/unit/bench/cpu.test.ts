import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { cpuMsOf, parseBusyMs, parseCpuMs, parseRssMiB, processTree, rssMiBOf } from '../../../bench/cpu.ts'

describe('parseCpuMs', () => {
  it('adds user and system time, whatever the program is called', () => {
    const stat = '7 (a) b (c)) S 1 7 7 0 -1 4194560 100 0 0 0 250 75 9 9 20 0 1 0 12345 1000 200'
    expect(parseCpuMs(stat)).toBe(3250)
  })
})

describe('parseRssMiB', () => {
  it.each([
    ['Name:\tnode\nVmHWM:\t 4096 kB\nVmRSS:\t    2048 kB\nThreads:\t1\n', 2],
    ['Name:\tgone\nState:\tZ (zombie)\n', 0],
  ])('of %j is %d', (status, expected) => {
    expect(parseRssMiB(status)).toBe(expected)
  })
})

describe('parseBusyMs', () => {
  it('is all that a core has done but waiting', () => {
    const stat = 'cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 1 2 3 400 500 6 7 8 0 0\ncpu1 0 0 0 0 0 0 0 0 0 0\n'
    expect(parseBusyMs(stat, 0)).toBe(270)
    expect(parseBusyMs(stat, 1)).toBe(0)
  })
})

describe('the CPU time of a process tree', () => {
  it('is that of the process with its children', async () => {
    const busy = 'const end = process.cpuUsage().user + 60000; while (process.cpuUsage().user < end); console.log(1)'
    const script = `const c = require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(
      `${busy}; setInterval(() => {}, 1000)`,
    )}], { stdio: 'inherit' }); process.on('SIGTERM', () => { c.kill(); process.exit() })`
    const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(parent.stdout, 'data')
    const pid = parent.pid as number
    const tree = processTree(pid)
    const [parentMs, treeMs] = [cpuMsOf(pid), tree.slice(1).reduce((sum, child) => sum + cpuMsOf(child), 0)]
    const gone = once(parent, 'exit')
    const rss = rssMiBOf(pid)
    parent.kill('SIGTERM')
    await gone
    expect(tree).toHaveLength(2)
    expect(treeMs).toBeGreaterThanOrEqual(50)
    expect(parentMs).toBeGreaterThanOrEqual(treeMs)
    expect(rss).toBeGreaterThan(1)
  })
})

describe('the process tree', () => {
  it('of a process that has ended is an error, and no zero', async () => {
    const child = spawn('true')
    await once(child, 'exit')
    expect(() => processTree(child.pid as number)).toThrow('ENOENT')
  })
})
