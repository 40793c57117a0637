/** Frames of a WebSocket server, told apart by their lengths alone (RFC 6455 section 5.2). */

const MAX_HEADER_BYTES = 10
const MAX_CONTROL_BYTES = 125
const OPCODE_CLOSE = 0x8

/**
 * Finds where frames end, in whatever pieces they come. Extensions change nothing about that (section 5.2: they may use reserved
 * bits and opcodes), and between two frames of one message there may always be a control frame (section 5.4).
 */
export class FrameReader {
  /** The server has said what no server may: nothing is known of where frames begin from here on. */
  isLost = false
  /** The server has closed: no frame may follow (section 5.5.1). */
  isClosed = false
  readonly #header = Buffer.alloc(MAX_HEADER_BYTES)
  #headerBytes = 0
  #payloadLeft = 0

  /** No frame has begun that has not ended. */
  get isBetween(): boolean {
    return !this.isLost && this.#headerBytes === 0 && this.#payloadLeft === 0
  }

  /** Reads on from `at` to the end of the frame that is under way or begins there, or of `chunk`; says where that is. */
  readFrame(chunk: Buffer, at: number): number {
    let end = at
    while (!this.isLost && this.#payloadLeft === 0 && end < chunk.length) {
      this.#header[this.#headerBytes] = chunk[end] as number
      this.#headerBytes += 1
      end += 1
      if (this.#readHeader() && this.#payloadLeft === 0) return end
    }
    if (this.isLost) return chunk.length
    const taken = Math.min(this.#payloadLeft, chunk.length - end)
    this.#payloadLeft -= taken
    return end + taken
  }

  /** Reads on to the end of `chunk`. */
  readAll(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) at = this.readFrame(chunk, at)
  }

  /** Whether the header is whole now. */
  #readHeader(): boolean {
    if (this.#headerBytes < 2) return false
    const first = this.#header[0] as number
    const second = this.#header[1] as number
    const opcode = first & 0x0f
    const isControl = opcode >= OPCODE_CLOSE
    // Servers mask nothing (section 5.1); control frames are short and whole (section 5.5).
    if (second > 127 || (isControl && (second > MAX_CONTROL_BYTES || first < 0x80))) return this.#lose()
    if (this.#headerBytes < headerBytesFor(second)) return false
    const length = second < 126 ? second : second === 126 ? this.#header.readUInt16BE(2) : this.#readLongLength()
    if (length > Number.MAX_SAFE_INTEGER) return this.#lose()
    this.#headerBytes = 0
    this.#payloadLeft = length
    this.isClosed ||= opcode === OPCODE_CLOSE
    return true
  }

  #readLongLength(): number {
    return this.#header.readUInt32BE(2) * 2 ** 32 + this.#header.readUInt32BE(6)
  }

  #lose(): true {
    this.isLost = true
    return true
  }
}

function headerBytesFor(second: number): number {
  if (second < 126) return 2
  return second === 126 ? 4 : MAX_HEADER_BYTES
}

/** A Close frame of a server (section 5.5.1). @param reason at most 123 bytes of ASCII */
export function closeFrame(code: number, reason: string): Buffer {
  const frame = Buffer.alloc(4 + reason.length)
  frame[0] = 0x80 | OPCODE_CLOSE
  frame[1] = 2 + reason.length
  frame.writeUInt16BE(code, 2)
  frame.write(reason, 4, 'latin1')
  return frame
}
