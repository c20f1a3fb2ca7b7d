/** What a server has said so far, as far as a greeting is concerned. */
export type Greeting =
  | { readonly kind: 'unfinished' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'refused'; readonly line: string }
  | { readonly kind: 'http' }
  | { readonly kind: 'not-smtp'; readonly line: string }

/** A reply line is at most 512 octets (RFC 5321 4.5.3.1.5); a greeting has few of them. */
const LONGEST_GREETING_BYTES = 8192

/** RFC 5321 4.2: `code SP text CRLF` ends a reply, `code - text CRLF` has more lines to come. */
export function greetingIn(received: Buffer): Greeting {
  const text = received.toString('latin1')
  // Without a version in the request an answer is the page alone, as in HTTP/0.9 (RFC 9112 appendix C.1).
  if (/^(HTTP\/|<!doctype html|<html)/i.test(text)) return { kind: 'http' }
  const lines = text.split('\n')
  const unfinished = lines.pop() ?? ''
  for (const line of lines) {
    const [, code, separator] = /^([2-5]\d\d)(?:([ -])|\r?$)/.exec(line) ?? []
    if (code === undefined) return { kind: 'not-smtp', line: printable(line) }
    if (separator === '-') continue
    return code === '220' ? { kind: 'ready' } : { kind: 'refused', line: printable(line) }
  }
  const tooLong = received.length > LONGEST_GREETING_BYTES
  return tooLong ? { kind: 'not-smtp', line: printable(unfinished) } : { kind: 'unfinished' }
}

const SHOWN_CHARACTERS = 100

/** A foreign server's words, made safe for a terminal. */
export function printable(line: string): string {
  return line
    .trim()
    .slice(0, SHOWN_CHARACTERS)
    .replaceAll(/[^\x20-\x7e]/g, '?')
}
