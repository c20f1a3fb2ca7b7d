/** Undoes a Content-Transfer-Encoding (RFC 2045 6), however its bytes are split. */
export interface TransferDecoder {
  push(bytes: Buffer): Buffer
  /** Returns what was held back. */
  end(): Buffer
}

/** By the field's value; 7bit, 8bit, binary and unknown encodings pass unchanged. */
export function transferDecoder(encoding: string): TransferDecoder {
  switch (encoding.trim().toLowerCase()) {
    case 'base64':
      return new Base64Decoder()
    case 'quoted-printable':
      return new QuotedPrintableDecoder()
    default:
      return { push: (bytes) => bytes, end: () => NOTHING }
  }
}

const NOTHING = Buffer.alloc(0)
const [TAB, LF, CR, SPACE, EQUALS] = [0x09, 0x0a, 0x0d, 0x20, 0x3d]

class Base64Decoder implements TransferDecoder {
  /** Up to three characters of an incomplete group of four. */
  #held = NOTHING

  push(bytes: Buffer): Buffer {
    const letters = Buffer.allocUnsafe(this.#held.length + bytes.length)
    let length = this.#held.copy(letters)
    // By index: an iterator takes a third longer over a large message.
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] as number
      if (byte !== CR && byte !== LF) letters[length++] = byte
    }
    const whole = length - (length % 4)
    this.#held = Buffer.from(letters.subarray(whole, length))
    return decoded(letters.subarray(0, whole))
  }

  /** An incomplete group, as in a truncated message, yields the bytes that are certain. */
  end(): Buffer {
    return decoded(this.#held)
  }
}

function decoded(letters: Buffer): Buffer {
  return Buffer.from(letters.toString('latin1'), 'base64')
}

class QuotedPrintableDecoder implements TransferDecoder {
  /** The incomplete line. */
  #held = NOTHING

  push(bytes: Buffer): Buffer {
    const joined = Buffer.concat([this.#held, bytes])
    const end = joined.lastIndexOf(LF) + 1
    this.#held = Buffer.from(joined.subarray(end))
    return unquoted(joined.subarray(0, end))
  }

  end(): Buffer {
    return unquoted(this.#held)
  }
}

/** Decodes complete lines, or the last one. */
function unquoted(bytes: Buffer): Buffer {
  const out = Buffer.allocUnsafe(bytes.length)
  let length = 0
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at] as number
    const code = byte === EQUALS ? hexPair(bytes, at + 1) : undefined
    if (byte === EQUALS && code === undefined) {
      at = afterSoftBreak(bytes, at + 1)
    } else {
      out[length++] = code ?? byte
      at += code === undefined ? 1 : 3
    }
  }
  return out.subarray(0, length)
}

function hexPair(bytes: Buffer, at: number): number | undefined {
  const digits = bytes.toString('latin1', at, at + 2)
  return /^[0-9A-Fa-f]{2}$/.test(digits) ? Number.parseInt(digits, 16) : undefined
}

/** Skips "=" and white space up to the end of the line, which are not content (RFC 2045 6.7, rules 3 and 5). */
function afterSoftBreak(bytes: Buffer, from: number): number {
  let at = from
  while (bytes[at] === SPACE || bytes[at] === TAB) at++
  if (bytes[at] === CR) at++
  return bytes[at] === LF ? at + 1 : at
}
