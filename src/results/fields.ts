/**
 * Reads JSON that another program may have written. Missing members and wrong types give null; nothing throws,
 * and nothing missing becomes 0.
 */

type Fields = Readonly<Record<string, unknown>>

/** The value at a path of names; undefined when the path ends early. */
export function valueAt(json: unknown, ...path: readonly string[]): unknown {
  let value = json
  for (const name of path) {
    if (!isFields(value) || !Object.hasOwn(value, name)) return undefined
    value = value[name]
  }
  return value
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function numberAt(json: unknown, ...path: readonly string[]): number | null {
  const value = valueAt(json, ...path)
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

export function textAt(json: unknown, ...path: readonly string[]): string | null {
  const value = valueAt(json, ...path)
  return typeof value === 'string' ? value : null
}

export function listAt(json: unknown, ...path: readonly string[]): readonly unknown[] {
  const value = valueAt(json, ...path)
  return Array.isArray(value) ? value : []
}

/** The word at a path, if it is one of those allowed. */
export function wordAt<W extends string>(
  json: unknown,
  words: readonly W[],
  ...path: readonly string[]
): W | null {
  const text = textAt(json, ...path)
  return words.find((word) => word === text) ?? null
}
