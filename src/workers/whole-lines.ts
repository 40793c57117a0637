const LINE_END = 10

/**
 * Passes on only whole lines of a stream of bytes. Several processes that wrote to one pipe would tear each other's lines
 * (POSIX promises whole writes up to PIPE_BUF alone). The rest of a line that never ends is dropped.
 */
export function createWholeLines(write: (lines: string) => void): (chunk: Buffer) => void {
  let rest: Buffer[] = []
  return (chunk) => {
    const end = chunk.lastIndexOf(LINE_END) + 1
    if (end === 0) {
      rest.push(chunk)
      return
    }
    const lines = Buffer.concat([...rest, chunk.subarray(0, end)]).toString()
    rest = end === chunk.length ? [] : [chunk.subarray(end)]
    write(lines)
  }
}
