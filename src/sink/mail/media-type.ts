// RFC 2045 5.1: a token is any printable ASCII except space and tspecials.
const TOKEN = /^[!#$%&'*+\-.^_`{|}~0-9A-Za-z]+/
const MEDIA_TYPE = /^[!#$%&'*+\-.^_`{|}~0-9A-Za-z]+(\/[!#$%&'*+\-.^_`{|}~0-9A-Za-z]+)?$/
const TOKEN_CHARACTER = /[!#$%&'*+\-.^_`{|}~0-9A-Za-z]/

/**
 * The boundary of a multipart Content-Type; empty when there is none or the field is malformed, for
 * MailHog then splits nothing. RFC 2231 continuations (`boundary*0=`) are not put together.
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
    // Go takes a backslash before a token character literally: some mailers write Windows paths.
    const escapes = character === '\\' && next !== '' && !TOKEN_CHARACTER.test(next)
    if (escapes) at += 1
    value += escapes ? next : character
  }
  return undefined
}
