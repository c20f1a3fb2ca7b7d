import { Unacceptable } from './mailbox.ts'

export type HeaderField = readonly [name: string, value: string]

/** RFC 5322 3.6.8: printable ASCII without the colon. */
const FIELD_NAME = /^[!-9;-~]{1,76}$/
/** A tab may stand in a value (RFC 5322 2.2); CR, LF and NUL would begin a field or a body of their own. */
const CONTROLS = /[^\P{Cc}\t]/u
const MAX_FIELDS = 100
/** Room for what RFC 5322 2.1.1 calls a line, many times folded. */
const MAX_VALUE_LENGTH = 8_192

/**
 * RFC 5322 3.6.4: message ids of printable ASCII, one or several. nodemailer writes these fields as they are,
 * without encoded words, so what is not ASCII has no way into them (RFC 6532 has, for servers with SMTPUTF8).
 */
const MESSAGE_IDS = /^(?:[!-;=?-~]|<[!-;=?-~]{1,250}>|[ \t])+$/
const OF_MESSAGE_IDS = new Set(['in-reply-to', 'references', 'content-id', 'resent-message-id'])
/** A line may have 998 octets (RFC 5322 2.1.1) and is folded at blanks only; the rest is for name and blanks. */
const MAX_WORD_OCTETS = 900
/** RFC 2047 5 (1): unstructured, so that a long word may become several encoded words. */
const UNSTRUCTURED = /^(?:subject|comments|x-.*)$/i

/** Fields that the proxy writes itself, or that have a key of their own in a message. */
const TAKEN = new Set(
  ['from', 'to', 'cc', 'bcc', 'subject', 'reply-to', 'message-id', 'mime-version', 'x-genro-mail-id'].concat(
    ['content-type', 'content-transfer-encoding', 'content-disposition', 'content-id'],
    ['received', 'return-path', 'resent-bcc'],
  ),
)

/** Those that are taken for the key of a message that has the same meaning. */
export const ALIASES: ReadonlyMap<string, string> = new Map([
  ['reply-to', 'reply_to'],
  ['message-id', 'message_id'],
])

/** Extra header fields of a message; null values are skipped. Throws Unacceptable. */
export function headerFields(given: unknown): HeaderField[] {
  if (given === undefined || given === null) return []
  if (typeof given !== 'object' || Array.isArray(given)) throw new Unacceptable('headers has to be an object')
  const entries = Object.entries(given).filter(([, value]) => value !== null)
  if (entries.length > MAX_FIELDS) throw new Unacceptable(`headers has more than ${MAX_FIELDS} fields`)
  return entries.map(([name, value]) => [fieldName(name), fieldValue(name, value)])
}

function fieldValue(name: string, given: unknown): string {
  const field = `headers.${name}`
  const value = headerText(field, given)
  if (OF_MESSAGE_IDS.has(name.toLowerCase()) && !MESSAGE_IDS.test(value))
    throw new Unacceptable(`${shown(field)} has to be message ids of ASCII characters, as <id@domain>`)
  if (!UNSTRUCTURED.test(name) && hasLongWord(value))
    throw new Unacceptable(`${shown(field)} has a word of more than ${MAX_WORD_OCTETS} octets`)
  return value
}

/** Whether a value has a word that no fold can bring into a line. */
export function hasLongWord(value: string): boolean {
  return value.length > MAX_WORD_OCTETS && value.split(/[ \t]+/).some((word) => word.length > MAX_WORD_OCTETS)
}

function fieldName(name: string): string {
  if (!FIELD_NAME.test(name))
    throw new Unacceptable(`headers has ${JSON.stringify(name.slice(0, 100))}, which is not a field name`)
  if (TAKEN.has(name.toLowerCase())) throw new Unacceptable(`headers may not set ${name}`)
  return name
}

/** Text that may stand in a header field; throws Unacceptable. */
export function headerText(field: string, given: unknown): string {
  if (typeof given !== 'string' && typeof given !== 'number' && typeof given !== 'boolean')
    throw new Unacceptable(`${shown(field)} has to be text`)
  const text = String(given)
  if (CONTROLS.test(text)) throw new Unacceptable(`${shown(field)} has control characters`)
  if (text.length > MAX_VALUE_LENGTH)
    throw new Unacceptable(`${shown(field)} is longer than ${MAX_VALUE_LENGTH}`)
  return text
}

function shown(field: string): string {
  return field.slice(0, 100).replace(/\p{Cc}/gu, '?')
}
