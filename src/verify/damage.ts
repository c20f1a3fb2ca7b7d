import { MimeDigest } from '../programs/sink/mime/mime-digest.ts'
import { withCrlf } from './stored-message.ts'

/** Lines shown of each side, and characters of each line. */
const MOST_LINES = 5
const MOST_CHARACTERS = 100
const ENCODING = /^content-transfer-encoding:[ \t]*(\S+)/gim

/**
 * Whether a message differs from the one that was sent in the transfer encodings of its parts alone (RFC 6152, RFC
 * 2045 6): what they decode to is the same.
 */
export function isReencoded(sent: Buffer, arrived: Buffer): boolean {
  const [before, after] = [encodingsIn(sent), encodingsIn(arrived)]
  if (before.length === after.length && before.every((encoding, at) => encoding === after[at])) return false
  return factsOf(sent) === factsOf(asSent(arrived))
}

/** The first difference between the two bodies, as lines with `-` for sent and `+` for arrived; undefined for none. */
export function differenceOf(sent: Buffer, arrived: Buffer): string | undefined {
  const [before, after] = [linesOf(sent), linesOf(asSent(arrived))]
  const least = Math.min(before.length, after.length)
  let begin = 0
  while (begin < least && before[begin] === after[begin]) begin++
  if (begin === before.length && begin === after.length) return undefined
  let end = 0
  while (end < least - begin && before.at(-1 - end) === after.at(-1 - end)) end++
  const shown = (lines: readonly string[], sign: string) => {
    const changed = lines.slice(begin, lines.length - end)
    const more =
      changed.length > MOST_LINES ? [`${sign} … and ${changed.length - MOST_LINES} lines more`] : []
    return [...changed.slice(0, MOST_LINES).map((line) => `${sign} ${escaped(line)}`), ...more]
  }
  return [`line ${begin + 1} of the body:`, ...shown(before, '-'), ...shown(after, '+')].join('\n')
}

function encodingsIn(message: Buffer): string[] {
  return [...message.toString('latin1').matchAll(ENCODING)].map(([, encoding = '']) => encoding.toLowerCase())
}

function factsOf(message: Buffer): string {
  const digest = new MimeDigest()
  digest.push(message)
  return JSON.stringify(digest.end())
}

/** With CRLF, as it was sent. */
function asSent(message: Buffer): Buffer {
  return message.includes('\r\n') ? message : withCrlf(message)
}

/** Of the body, which ends with its last CRLF. */
function linesOf(message: Buffer): string[] {
  const at = message.indexOf('\r\n\r\n')
  const body = at === -1 ? '' : message.toString('latin1', at + 4)
  return body.replace(/\r\n$/, '').split('\r\n')
}

/** Octets that are no printable ASCII as `\xNN`; cut. */
function escaped(line: string): string {
  const text = line.replace(/[^ -~]|\\/g, (octet) =>
    octet === '\\' ? '\\\\' : `\\x${octet.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text
}
