/** What a server has said so far, as far as a greeting is concerned. */
export type Greeting =
  | { readonly kind: 'unfinished' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'refused'; readonly line: string }
  | { readonly kind: 'http' }
  | { readonly kind: 'not-smtp'; readonly line: string }
  /** It is one of SMTP, and longer than the load would take it. */
  | { readonly kind: 'too-long'; readonly what: string; readonly line: string }

/** As long as the client takes a reply line, and so many lines of it: RFC 5321 4.5.3.1.5 has 512 octets. */
const LONGEST_LINE_BYTES = 8_192
const MOST_LINES = 512

/** RFC 5321 4.2: `code SP text CRLF` ends a reply, `code - text CRLF` has more lines to come. */
export function greetingIn(received: Buffer): Greeting {
  const text = received.toString('latin1')
  // Without a version in the request an answer is the page alone, as in HTTP/0.9 (RFC 9112 appendix C.1).
  if (/^(HTTP\/|<!doctype html|<html)/i.test(text)) return { kind: 'http' }
  const lines = text.split('\n')
  const unfinished = lines.pop() ?? ''
  for (const [index, line] of lines.entries()) {
    const [, code, separator] = REPLY_LINE.exec(line) ?? []
    if (code === undefined) return { kind: 'not-smtp', line: printable(line) }
    if (line.length >= LONGEST_LINE_BYTES)
      return tooLong(`a line of more than ${LONGEST_LINE_BYTES} octets`, line)
    if (index >= MOST_LINES) return tooLong(`more than ${MOST_LINES} lines`, line)
    if (separator === '-') continue
    return code === '220' ? { kind: 'ready' } : { kind: 'refused', line: printable(line) }
  }
  // What has come of the next line: a greeting may come in any number of packets.
  if (unfinished.length < LONGEST_LINE_BYTES) return { kind: 'unfinished' }
  return REPLY_LINE.test(unfinished)
    ? tooLong(`a line of more than ${LONGEST_LINE_BYTES} octets`, unfinished)
    : { kind: 'not-smtp', line: printable(unfinished) }
}

const REPLY_LINE = /^([2-5]\d\d)(?:([ -])|\r?$)/

function tooLong(what: string, line: string): Greeting {
  return { kind: 'too-long', what, line: printable(line) }
}

const SHOWN_CHARACTERS = 100

/** A foreign server's words, made safe for a terminal. */
export function printable(line: string): string {
  return line
    .trim()
    .slice(0, SHOWN_CHARACTERS)
    .replaceAll(/[^\x20-\x7e]/g, '?')
}
