/**
 * Text from the other side: SMTP replies, HTTP bodies, error messages, names chosen by another program. It is
 * cleaned and cut here, once, on entry, before it is stored, logged or shown. Each output format still does its
 * own escaping (src/report/escape.ts).
 */

/** Long enough for any reply that a person would read (RFC 5321 4.5.3.1.5: 512 octets per line). */
export const FOREIGN_TEXT_LENGTH = 500

/**
 * Terminal escape sequences (ECMA-48 5.3, 5.4, 8.3): CSI with parameters, strings such as a window title up to
 * their terminator, two-character escapes. Each alternative is linear: none crosses an ESC.
 */
const ESCAPE_SEQUENCES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)|\u001b[ -/]*[0-~]/gu

/**
 * C0 (including NUL, which PostgreSQL's text and jsonb reject), DEL, C1, line and paragraph separators, and the
 * characters that change the direction of text (Unicode UAX #9, 2).
 */
const CONTROLS = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+/gu

/** UTF-16 units to examine per character that may be shown, including those that are stripped. */
const LOOKED_AT = 16

/**
 * One line of printable, well-formed text, at most `maxLength` code points. Removes escape sequences; replaces
 * runs of control, separator and direction characters by one space and lone surrogates by U+FFFD; marks a cut
 * by an ellipsis. Never throws, even when `text` is not a string.
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
 * At most `maxLength` code points, so that no surrogate pair is split; the last is an ellipsis when something
 * was cut.
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
