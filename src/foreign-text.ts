/**
 * Text of the other side: SMTP replies, HTTP bodies, error messages, names that another program chose. It is
 * cleaned and cut here, once, where it enters, before it is stored, logged or shown. Each format that it is
 * later written in has its own escaping besides (src/report/escape.ts).
 */

/** Long enough for every reply that a person reads (RFC 5321 4.5.3.1.5: 512 octets a line). */
export const FOREIGN_TEXT_LENGTH = 500

/**
 * Escape sequences of terminals (ECMA-48 5.3, 5.4, 8.3): CSI with parameters; strings such as a window's
 * title, up to their terminator; two-character escapes. Each alternative is linear: none crosses an ESC.
 */
const ESCAPE_SEQUENCES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)|\u001b[ -/]*[0-~]/gu

/**
 * C0 (NUL among them, which PostgreSQL's text and jsonb refuse), DEL, C1, line and paragraph separators, and
 * the characters that turn the direction of text around (Unicode UAX #9, 2).
 */
const CONTROLS = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+/gu

/** Characters of UTF-16 that are looked at for each one that may be shown: what is stripped counts too. */
const LOOKED_AT = 16

/**
 * One line of printable, well-formed text of at most `maxLength` characters (code points). Escape sequences
 * go; runs of control, separator and direction characters become one space; a lone surrogate becomes U+FFFD;
 * what is cut ends in an ellipsis. Never throws, also where what was "text" is no string.
 */
export function foreignText(text: unknown, maxLength = FOREIGN_TEXT_LENGTH): string {
  const given = typeof text === 'string' ? text : String(text ?? '')
  const whole = given.length <= (maxLength + 1) * LOOKED_AT
  const clean = (whole ? given : given.slice(0, (maxLength + 1) * LOOKED_AT))
    .replace(ESCAPE_SEQUENCES, '')
    .replace(CONTROLS, ' ')
    .toWellFormed()
    .trim()
  const cut = cutText(clean, maxLength)
  return whole || cut !== clean || maxLength < 1 ? cut : cutText(`${clean}…`, maxLength)
}

/**
 * At most `maxLength` characters (code points, so that no surrogate pair is torn apart), the last of them an
 * ellipsis where something was cut.
 */
export function cutText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text
  const most = Math.max(0, maxLength)
  let shown = 0
  let end = 0
  let endOfShorter = 0
  for (const character of text) {
    if (shown === most) return most === 0 ? '' : `${text.slice(0, endOfShorter)}…`
    shown++
    endOfShorter = end
    end += character.length
  }
  return text
}
