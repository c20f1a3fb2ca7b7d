/** A message, or a part of one, as MailHog's API shows it. Strings have one character per byte. */
export interface Content {
  /** Field name in its original case → its values, unfolded. */
  readonly headers: Map<string, string[]>
  readonly body: string
  /** Bytes, header included. */
  readonly size: number
  /** Parts of a multipart that is itself a part. */
  readonly parts: readonly Content[] | undefined
}

const BLANK_LINE = '\r\n\r\n'

/** Reads a whole message that lacks its final CRLF (`Raw.Data`). */
export function readMessage(data: string): Content {
  const content = readContent(data)
  // MailHog loses the header of a message without body, because the missing CRLF is that of the blank line. The
  // first line shows whether the message is a header or one line of text.
  const headerOnly = content.headers.size === 0 && /^[!-9;-~]+: .*\r\n$/s.test(data)
  return headerOnly && !data.includes(BLANK_LINE)
    ? { headers: readHeader(data.slice(0, -2)), body: '', size: data.length, parts: undefined }
    : content
}

/** Reads only headers and body; `partsOf` reads the parts. */
export function readContent(data: string): Content {
  const end = data.indexOf(BLANK_LINE)
  const headers = end === -1 ? new Map<string, string[]>() : readHeader(data.slice(0, end))
  const body = end === -1 ? data : data.slice(end + BLANK_LINE.length)
  return { headers, body, size: data.length, parts: undefined }
}

/** Multiparts nested deeper stay whole: thousands of levels would outgrow the stack. MailHog has no such limit. */
const MAX_DEPTH = 100

/** The parts as MailHog lists them, with an extra last one: the `--` after the closing boundary. */
export function partsOf(content: Content, depth = 0): Content[] | undefined {
  if (depth === MAX_DEPTH) return undefined
  const type = content.headers.get('Content-Type')?.[0]
  if (type === undefined || !type.startsWith('multipart/')) return undefined
  const boundary = boundaryOf(type)
  if (boundary === '') return []
  return content.body
    .split(`--${boundary}`)
    .filter((piece) => piece !== '')
    .map((piece) => {
      const part = readContent(trimLineEnds(piece))
      return { ...part, parts: partsOf(part, depth + 1) }
    })
}

function readHeader(text: string): Map<string, string[]> {
  const headers = new Map<string, string[]>()
  let current: string[] | undefined
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(': ')
    if (current !== undefined && (line.startsWith(' ') || line.startsWith('\t'))) {
      current[0] += line
    } else if (colon !== -1) {
      // Of several fields with the same name the last wins, as in MailHog.
      const values = [line.slice(colon + 2)]
      headers.set(line.slice(0, colon), values)
      // MailHog does not fold anything into a field without a name either.
      current = colon === 0 ? undefined : values
    }
  }
  return headers
}

function trimLineEnds(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && isLineEnd(text.charCodeAt(from))) from++
  while (to > from && isLineEnd(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

function isLineEnd(code: number): boolean {
  return code === 0x0d || code === 0x0a
}

// RFC 2045 5.1: a token is any printable ASCII except space and tspecials.
const TOKEN = /^[!#$%&'*+\-.^_`{|}~0-9A-Za-z]+/
const MEDIA_TYPE = /^[!#$%&'*+\-.^_`{|}~0-9A-Za-z]+(\/[!#$%&'*+\-.^_`{|}~0-9A-Za-z]+)?$/
const TOKEN_CHARACTER = /[!#$%&'*+\-.^_`{|}~0-9A-Za-z]/

/**
 * The boundary of a multipart Content-Type; empty when there is none or the field is malformed, since MailHog
 * then splits nothing. RFC 2231 continuations (`boundary*0=`) are not joined.
 */
export function boundaryOf(contentType: string): string {
  const [type = ''] = contentType.split(';', 1)
  if (!MEDIA_TYPE.test(type.trim())) return ''
  const parameters = new Map<string, string>()
  let rest = contentType.slice(type.length)
  while (rest.trim() !== '') {
    const parameter = takeParameter(rest)
    if (parameter === undefined) return rest.trim() === ';' ? (parameters.get('boundary') ?? '') : ''
    if (parameters.has(parameter.name)) return ''
    parameters.set(parameter.name, parameter.value)
    rest = parameter.rest
  }
  return parameters.get('boundary') ?? ''
}

interface Parameter {
  readonly name: string
  readonly value: string
  readonly rest: string
}

function takeParameter(text: string): Parameter | undefined {
  const afterSemicolon = /^\s*;\s*/.exec(text)
  if (afterSemicolon === null) return undefined
  let rest = text.slice(afterSemicolon[0].length)
  const name = TOKEN.exec(rest)?.[0]
  if (name === undefined) return undefined
  const equals = /^\s*=\s*/.exec(rest.slice(name.length))
  if (equals === null) return undefined
  rest = rest.slice(name.length + equals[0].length)
  const value = rest.startsWith('"') ? quoted(rest) : token(rest)
  return value && { name: name.toLowerCase(), value: value.value, rest: value.rest }
}

function token(text: string): Omit<Parameter, 'name'> | undefined {
  const value = TOKEN.exec(text)?.[0]
  return value === undefined ? undefined : { value, rest: text.slice(value.length) }
}

function quoted(text: string): Omit<Parameter, 'name'> | undefined {
  let value = ''
  for (let at = 1; at < text.length; at++) {
    const character = text.charAt(at)
    if (character === '"') return { value, rest: text.slice(at + 1) }
    if (character === '\r' || character === '\n') return undefined
    const next = text.charAt(at + 1)
    // Go takes a backslash before a token character literally, because some mailers write Windows paths.
    const escapes = character === '\\' && next !== '' && !TOKEN_CHARACTER.test(next)
    if (escapes) at += 1
    value += escapes ? next : character
  }
  return undefined
}
