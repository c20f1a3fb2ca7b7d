const CRLF = '\r\n'
/** RFC 5322 2.1.1: lines should be at most 78 characters without CRLF. */
const LINE_CHARS = 76
const LETTERS = 'abcdefghijklmnopqrstuvwxyz     '

/**
 * Text of exactly `sizeBytes` octets in lines under 78 characters, each ended by CRLF, the same for
 * the same seed. No line begins with a dot, so it is sent as it is.
 */
export function textBody(sizeBytes: number, seed: number): Buffer {
  const random = mulberry32(seed)
  const lines: string[] = []
  let left = sizeBytes
  while (left > 0) {
    let chars = Math.min(LINE_CHARS, left - CRLF.length)
    // One octet left over could not hold a CRLF.
    if (left - chars - CRLF.length === 1) chars--
    lines.push(textLine(chars, random))
    left -= chars + CRLF.length
  }
  return Buffer.from(lines.map((line) => line + CRLF).join(''), 'latin1')
}

function textLine(chars: number, random: () => number): string {
  let line = ''
  for (let i = 0; i < chars; i++) line += LETTERS[Math.floor(random() * LETTERS.length)]
  return line
}

/** Small seeded generator with 32 bits of state (Tommy Ettinger, public domain); 0 ≤ x < 1. */
function mulberry32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
