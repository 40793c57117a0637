import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { type Bar, drawBarChart } from '../../../bench/bar-chart.ts'
import { parseVersion } from '../../../bench/machine.ts'
import { drawRun, type Run } from '../../../bench/save.ts'
import { drawText, escapeXml } from '../../../bench/svg.ts'

const bars: Bar[] = [
  { label: 'a <fast> one', value: 20, note: '50,000 req/s', kind: 'chosen' },
  { label: 'twice as slow', value: 40, note: '25,000 req/s', kind: 'gateway' },
  { label: 'far beyond', value: 900, note: '1,000 req/s', kind: 'other' },
]

const widths = (svg: string) =>
  [...svg.matchAll(/<rect class="(?!page)\w+"[^>]* width="(\d+)"/g)].map(([, width]) => Number(width))

describe('escapeXml', () => {
  it('leaves nothing that ends a text or an attribute', () => {
    expect(escapeXml(`<a href="x">&</a>`)).toBe('&lt;a href=&quot;x&quot;&gt;&amp;&lt;/a&gt;')
    expect(drawText(1, 2, '<b>', 'faint', true)).toBe(
      '<text class="faint" x="1" y="2" text-anchor="end">&lt;b&gt;</text>',
    )
  })
})

describe('drawBarChart', () => {
  const svg = drawBarChart({ title: 'CPU µs', bars, footer: ['measured here'], longest: 100 })

  it('draws lengths in proportion, up to the longest', () => {
    const [fast = 0, slow = 0, cut = 0] = widths(svg)
    expect([slow / fast, cut / fast]).toEqual([2, 5])
  })

  it('marks the bar that is longer than it is drawn, and only that', () => {
    expect(svg.match(/<rect class="page" x/g)).toHaveLength(1)
  })

  it('writes true figures beside all bars', () => {
    for (const text of ['>20.0<', '>40.0<', '>900<', '>50,000 req/s<', '>a &lt;fast&gt; one<', '>measured here<']) {
      expect(svg).toContain(text)
    }
  })

  it('stays inside its frame', () => {
    const height = Number(/height="(\d+)"/.exec(svg)?.[1])
    const ends = [...svg.matchAll(/ y="(\d+)"/g)].map(([, y]) => Number(y))
    expect(Math.max(...ends)).toBeLessThan(height)
    const right = [...svg.matchAll(/x="(\d+)" y="\d+">([^<]*)</g)].map(
      ([, x, text = '']) => Number(x) + text.length * 7,
    )
    expect(Math.max(...right)).toBeLessThan(Number(/width="(\d+)"/.exec(svg)?.[1]))
  })

  it('can be read on light and dark pages, and loads nothing', () => {
    expect(svg).toContain('@media (prefers-color-scheme: dark)')
    expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(/https?:|<script|@import|url\(/)
  })
})

describe('the picture of a run', () => {
  it('says where its figures come from', () => {
    const row = {
      ...{ id: 'gateway', title: '  everything on', group: 'gateway' as const, rssMiB: 100, errors: 0, disturbed: 0 },
      requestsPerSecond: { median: 31_234.5, min: 30_000, max: 32_000 },
      cpuUs: { median: 31.5, min: 30, max: 33 },
      latencyMs: { p50: 1, p99: 2, p999: 3 },
    }
    const run: Run = {
      ...{ date: '2026-11-24T10:00:00.000Z', commit: 'abc1234', command: 'npm run bench', rows: [row] },
      machine: {
        cpu: 'Some CPU',
        cores: 2,
        kernel: '6.1',
        versions: { node: '26.9.0', wrk: '4.1.0', haproxy: '2.6.12' },
      },
      load: {
        ...{ tool: 'wrk', request: 'GET /orders/N', tokens: 1000, bodyBytes: 1024, connections: 32 },
        ...{ rounds: 9, secondsPerRound: 2, upstream: 'nginx' },
      },
    }
    const svg = drawRun(run)
    for (const text of ['Some CPU', 'Node 26.9.0', 'haproxy 2.6.12', 'wrk 4.1.0', '32 connections', '1,000 tokens']) {
      expect(svg).toContain(text)
    }
    expect(svg).not.toContain('Not a quiet machine')
    expect(drawRun({ ...run, rows: [{ ...row, disturbed: 0.4 }] })).toContain('Not a quiet machine: in 1 of 1 rows')
    for (const text of ['GET /orders/N', '9 interleaved rounds of 2 s', '2026-11-24, abc1234', '31,235 req/s']) {
      expect(svg).toContain(text)
    }
  })
})

describe('the picture in README', () => {
  it('is drawn from the results beside it', async () => {
    const root = new URL('../../../', import.meta.url)
    const run = JSON.parse(await readFile(new URL('bench/results.json', root), 'utf8')) as Run
    expect(await readFile(new URL('docs/bench.svg', root), 'utf8')).toBe(drawRun(run))
    expect(run.rows.map(({ id }) => id)).toEqual(expect.arrayContaining(['gateway', 'haproxy', 'envoy-cache']))
    expect(run.rows.filter(({ errors }) => errors > 0)).toEqual([])
  })
})

describe('parseVersion', () => {
  it.each([
    ['wrk debian/4.1.0-3+b2 [epoll]', '4.1.0'],
    ['nginx version: nginx/1.22.1', '1.22.1'],
    ['envoy  version: 9e5580933739775e8bce696a57a2e1bc99368f23/1.40.0/Clean', '1.40.0'],
    ['no such thing', undefined],
  ])('of %j is %s', (text, expected) => {
    expect(parseVersion(text)).toBe(expected)
  })
})
