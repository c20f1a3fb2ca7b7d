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
 * Decodes a JSON object as Go decodes one into a struct: names whatever their case, absent and null
 * fields are zero, unknown ones ignored. Undefined where Go reports an error.
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
