// RFC 6455 5.2.
export const OPCODES = { continuation: 0x0, text: 0x1, close: 0x8, ping: 0x9, pong: 0xa } as const
const FINAL = 0x80
const MASKED = 0x80
/** A control frame is never longer (RFC 6455 5.5), and a data frame's payload is of no interest to us. */
const MAX_PAYLOAD_KEPT = 125

export interface Frame {
  readonly opcode: number
  readonly length: number
  /** Unmasked; empty when it is longer than a control frame may be. */
  readonly payload: Buffer
}

/** A whole message in one unmasked frame, as servers send them. */
export function encodeFrame(opcode: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const { length } = payload
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8
  const head = Buffer.alloc(2 + extended)
  head[0] = FINAL | opcode
  head[1] = extended === 0 ? length : extended === 2 ? 126 : 127
  if (extended === 2) head.writeUInt16BE(length, 2)
  if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([head, payload])
}

/** Reads a client's frames, whatever way TCP cuts them. */
export class FrameReader {
  #buffer = Buffer.alloc(0)
  #skipBytes = 0

  push(chunk: Buffer): Frame[] {
    this.#buffer = Buffer.concat([this.#buffer, chunk])
    const frames: Frame[] = []
    for (;;) {
      const skipped = Math.min(this.#skipBytes, this.#buffer.length)
      this.#buffer = this.#buffer.subarray(skipped)
      this.#skipBytes -= skipped
      const frame = this.#take()
      if (frame === undefined) return frames
      frames.push(frame)
    }
  }

  #take(): Frame | undefined {
    const bytes = this.#buffer
    const [first = 0, second = 0] = bytes
    const short = second & 0x7f
    const extended = short === 126 ? 2 : short === 127 ? 8 : 0
    const maskAt = 2 + extended
    const payloadAt = maskAt + ((second & MASKED) === 0 ? 0 : 4)
    if (bytes.length < 2 || bytes.length < payloadAt) return undefined
    const length =
      extended === 0 ? short : extended === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
    const opcode = first & 0x0f
    if (length > MAX_PAYLOAD_KEPT) {
      this.#buffer = bytes.subarray(payloadAt)
      this.#skipBytes = length
      return { opcode, length, payload: Buffer.alloc(0) }
    }
    if (bytes.length < payloadAt + length) return undefined
    const mask = bytes.subarray(maskAt, payloadAt)
    const payload = Buffer.from(bytes.subarray(payloadAt, payloadAt + length))
    // RFC 6455 5.3: octet i is masked with octet i mod 4 of the key.
    if (mask.length > 0) for (const [i, octet] of payload.entries()) payload[i] = octet ^ (mask[i % 4] ?? 0)
    this.#buffer = bytes.subarray(payloadAt + length)
    return { opcode, length, payload }
  }
}
