import { hash } from 'node:crypto'

/**
 * What stays of a text on every way that keeps its meaning: lines end with LF, and none that is empty ends it.
 * Both sides of a comparison use it: who made the text, and who received it.
 */
export function canonicalText(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(/\n+$/, '')
}

/** MD5 of the canonical text in UTF-8, in hex. */
export function textDigest(text: string): string {
  return hash('md5', canonicalText(text))
}

/** Lines that only the sender's format broke, put together again (RFC 3676 4.1, without DelSp). */
export function unflowed(text: string): string {
  const unstuffed = text.replace(/^ /gm, '')
  return unstuffed.replace(/(?<!^--) \r?\n(?=[^>\r\n])/gm, ' ')
}
