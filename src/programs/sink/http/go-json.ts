import { isUtf8 } from 'node:buffer'

/**
 * Mail content is kept in strings with one character per byte, so that sizes and boundaries are exact. It is
 * decoded only on output, by Go's rules, because MailHog's JSON is made by Go.
 */

// Go's encoding/json escapes these for HTML. We escape the rest so that a client that splits UTF-8 between two
// chunks (mailhog-awesome does) cannot damage it.
const TO_ESCAPE_IN_JSON = /[<>&\x80-\uffff]/g
const REPLACEMENT = '\ufffd'

/** A JSON string literal in pure ASCII. */
export function jsonString(bytes: string): string {
  if (!isAscii(bytes)) return escapeJson(JSON.stringify(textOf(bytes)))
  const json = JSON.stringify(bytes)
  // Most mail has none of these, and searching for one character is much faster than the pattern.
  return json.includes('<') || json.includes('>') || json.includes('&') ? escapeJson(json) : json
}

/** Escapes everything in JSON that Go or we escape; none of it occurs outside of strings. */
export function escapeJson(json: string): string {
  return json.replace(TO_ESCAPE_IN_JSON, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/**
 * Every non-ASCII character takes at least two bytes in UTF-8; counting them is several times faster than a
 * pattern.
 */
function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length
}

/** UTF-8 decoded as Go ranges over a string: every byte outside of a valid character becomes U+FFFD. */
export function textOf(bytes: string): string {
  if (isAscii(bytes)) return bytes
  const buffer = Buffer.from(bytes, 'latin1')
  if (isUtf8(buffer)) return buffer.toString()
  let text = ''
  let valid = 0
  for (let at = 0; at < buffer.length; ) {
    const length = characterLength(buffer, at)
    if (length === 0) {
      text += buffer.toString('utf8', valid, at) + REPLACEMENT
      valid = at + 1
    }
    at += length || 1
  }
  return text + buffer.toString('utf8', valid)
}

/** Bytes of the well-formed UTF-8 character at `at` (Unicode 15, table 3-7); 0 when there is none. */
function characterLength(buffer: Buffer, at: number): number {
  const first = buffer[at] ?? 0
  if (first < 0x80) return 1
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
  if (first < 0xc2 || first > 0xf4 || at + length > buffer.length) return 0
  return isUtf8(buffer.subarray(at, at + length)) ? length : 0
}

interface ZeroValues {
  readonly string: string
  readonly number: number
  readonly boolean: boolean
}
type FieldKind = keyof ZeroValues
type Decoded<Fields extends Readonly<Record<string, FieldKind>>> = {
  -readonly [Name in keyof Fields]: ZeroValues[Fields[Name]]
}

const ZERO: ZeroValues = { string: '', number: 0, boolean: false }

/**
 * Decodes a JSON object as Go decodes one into a struct: names are case-insensitive, absent and null fields are
 * zero, unknown ones are ignored. Undefined when Go reports an error.
 */
export function decodeStruct<Fields extends Readonly<Record<string, FieldKind>>>(
  text: string | undefined,
  fields: Fields,
): Decoded<Fields> | undefined {
  const given = parseObject(text)
  if (given === undefined) return undefined
  const names = new Map(Object.keys(fields).map((name) => [name.toLowerCase(), name]))
  const decoded: Record<string, unknown> = {}
  for (const [name, kind] of Object.entries(fields)) decoded[name] = ZERO[kind]
  for (const [key, value] of Object.entries(given)) {
    const name = names.get(key.toLowerCase())
    if (name === undefined || value === null) continue
    if (typeof value !== fields[name]) return undefined
    decoded[name] = value
  }
  return decoded as Decoded<Fields>
}

function parseObject(text: string | undefined): object | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '')
    return typeof value === 'object' && !Array.isArray(value) ? (value ?? {}) : undefined
  } catch {
    return undefined
  }
}
