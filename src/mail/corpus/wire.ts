/** What has to be done to a message's octets before they are sent, and what they have; one bit each. */
export const FLAGS = {
  /** Some lines end in LF alone. */
  bareLf: 1,
  /** Lines begin with `>From `, which an mbox quotes. */
  quoted: 2,
  /** It has headers of an earlier run. */
  ours: 4,
  /** Its last line has no end. */
  noEnd: 8,
  /** Octets above 127, in the header or the body (RFC 6152). */
  eightBit: 16,
  /** Of these, UTF-8 in the header (RFC 6532). */
  utf8Headers: 32,
  /** It brings its Message-ID. */
  messageId: 64,
  /** Lines begin with a dot (RFC 5321 4.5.2). */
  dots: 128,
} as const

/** Any of these: it is not sent octet for octet as it stands in its file. */
export const CHANGES = FLAGS.bareLf | FLAGS.quoted | FLAGS.ours | FLAGS.noEnd

const CR = 0x0d
const LF = 0x0a
/** Of an earlier run of ours, with its continuation lines (RFC 5322 2.2.3). */
const OUR_FIELD = /^X-Mailstorm-[^:\n]*:[^\n]*\n(?:[ \t][^\n]*\n)*/gim
const QUOTED_FROM = /^>(>*From )/gm

/** Whole lines as they are sent: each ends in CRLF (RFC 5321 2.3.8); `unquotes`: one `>` less before `>From `. */
export function linesAsSent(lines: Buffer, unquotes: boolean): Buffer {
  // Latin-1 keeps every octet as it is.
  let text = lines.toString('latin1')
  text = text.includes('\r') ? text.replace(/\r?\n/g, '\r\n') : text.replaceAll('\n', '\r\n')
  if (unquotes) text = text.replace(QUOTED_FROM, '$1')
  if (lines.length > 0 && lines[lines.length - 1] !== LF)
    text = text.endsWith('\r') ? `${text}\n` : `${text}\r\n`
  return Buffer.from(text, 'latin1')
}

/** A header without the fields of an earlier run. */
export function withoutOurs(header: Buffer): Buffer {
  return Buffer.from(header.toString('latin1').replace(OUR_FIELD, ''), 'latin1')
}

/** Length of a line without its end, and of its end: 2 for CRLF, 1 for LF alone. */
export function lineEnd(octets: Buffer, from: number, lf: number): 1 | 2 {
  return lf > from && octets[lf - 1] === CR ? 2 : 1
}
