/** The frame of every picture: its own background, so that it can be read on light and dark pages; no script, no font file. */
export interface Picture {
  readonly width: number
  readonly height: number
  /** Also what a screen reader says. */
  readonly title: string
  /** Elements of SVG, already escaped. */
  readonly body: readonly string[]
}

/** Classes: `strong`, `text`, `faint` for texts; `floor`, `gateway`, `chosen`, `other` for what is drawn. */
const STYLE = `
  text { font: 13px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; }
  .page { fill: #ffffff; } .text { fill: #1f2328; } .strong { fill: #1f2328; font-weight: 600; }
  .faint { fill: #59636e; font-size: 11px; } .line { stroke: #d1d9e0; }
  .floor { color: #9aa4ae; } .gateway { color: #54a3e8; } .chosen { color: #0b5cad; } .other { color: #d98b3a; }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; } .text, .strong { fill: #f0f6fc; } .faint { fill: #9198a1; } .line { stroke: #3d444d; }
    .floor { color: #6e7781; } .gateway { color: #3b7fc4; } .chosen { color: #79c0ff; } .other { color: #c97a2b; }
  }
  rect, circle { fill: currentColor; } .curve { fill: none; stroke: currentColor; stroke-width: 2; }
`

export function drawPicture({ width, height, title, body }: Picture): string {
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-label="${escapeXml(title)}">
<style>${STYLE}</style>
<rect class="page" width="${width}" height="${height}" rx="6"/>
${body.join('\n')}
</svg>
`
}

/** One line of text; `end` puts its end at `x`. */
export function drawText(x: number, y: number, text: string, kind = 'text', end = false): string {
  const anchor = end ? ' text-anchor="end"' : ''
  return `<text class="${kind}" x="${x}" y="${y}"${anchor}>${escapeXml(text)}</text>`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] as string)
}
