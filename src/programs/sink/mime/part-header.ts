/** What the header of a message or part says about its body. */
export interface PartHeader {
  /** Such as `text/plain`, in lower case. */
  readonly type: string
  /** Set for a multipart. */
  readonly boundary: string | undefined
  readonly charset: string
  readonly encoding: string
  readonly isFlowed: boolean
  /** Undefined when it has none. */
  readonly filename: string | undefined
  readonly isAttachment: boolean
}

export function readPartHeader(bytes: Buffer): PartHeader {
  const fields = fieldsOf(bytes.toString('latin1'))
  // RFC 2045 5.2: the default is plain ASCII text.
  const [type, typeParameters] = valueAndParameters(fields.get('content-type') ?? 'text/plain')
  const [disposition, parameters] = valueAndParameters(fields.get('content-disposition') ?? '')
  return {
    type,
    boundary: type.startsWith('multipart/') ? typeParameters.get('boundary') : undefined,
    charset: typeParameters.get('charset') ?? 'us-ascii',
    encoding: fields.get('content-transfer-encoding') ?? '7bit',
    isFlowed: typeParameters.get('format')?.toLowerCase() === 'flowed',
    filename: parameters.get('filename') ?? typeParameters.get('name'),
    isAttachment: disposition === 'attachment',
  }
}

/** Names in lower case (RFC 5322 1.2.2), values unfolded (2.2.3). */
function fieldsOf(text: string): Map<string, string> {
  const fields = new Map<string, string>()
  for (const line of text.replace(/\r\n(?=[ \t])/g, '').split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) fields.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim())
  }
  return fields
}

const PARAMETER = /;\s*([^\s=;]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/g

function valueAndParameters(field: string): [value: string, parameters: Map<string, string>] {
  const [value = ''] = field.split(';', 1)
  const given = new Map<string, string>()
  for (const [, name = '', quoted, token] of field.matchAll(PARAMETER))
    given.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? token ?? '')
  return [value.trim().toLowerCase(), joined(given)]
}

/** RFC 2231: long values are split (`filename*0=`), others carry a charset (`filename*=utf-8''…`). */
function joined(given: ReadonlyMap<string, string>): Map<string, string> {
  const parameters = new Map<string, string>()
  for (const [name, value] of given) {
    const [, base = name, number, extended] = /^([^*]+)(?:\*(\d+))?(\*)?$/.exec(name) ?? []
    const isFirst = number === undefined || number === '0'
    const text = extended === undefined ? words(value) : unescaped(value, isFirst)
    parameters.set(base, isFirst ? text : (parameters.get(base) ?? '') + text)
  }
  return parameters
}

/** Only UTF-8 and its subset are in use; an invalid escape is kept. */
function unescaped(value: string, isFirst: boolean): string {
  const text = isFirst ? value.replace(/^[^']*'[^']*'/, '') : value
  const bytes = text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString()
}

const ENCODED_WORD = /=\?([^?*]+)(?:\*[^?]*)?\?([BQ])\?([^?]*)\?=(?:\s+(?==\?))?/gi

/** RFC 2047 encoded words; the standard forbids them in parameters, but mailers use them there. */
function words(value: string): string {
  return value.replace(ENCODED_WORD, (_, charset: string, kind: string, text: string) => {
    const bytes = kind.toUpperCase() === 'B' ? Buffer.from(text, 'base64') : fromQ(text)
    return /^utf-?8$/i.test(charset) ? bytes.toString() : bytes.toString('latin1')
  })
}

function fromQ(text: string): Buffer {
  const bytes = text
    .replaceAll('_', ' ')
    .replace(/=([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1')
}
