import { distance } from 'fastest-levenshtein'

/** The candidate that `given` was most likely meant to be; undefined when none is close. */
export function nearest(given: string, candidates: readonly string[]): string | undefined {
  // About a third of the letters may be wrong, and always one: "avgg", "brust", "STRESS_WORKER".
  let least = Math.max(1, Math.round(given.length / 3)) + 1
  let best: string | undefined
  for (const candidate of candidates) {
    const changes = distance(given.toLowerCase(), candidate.toLowerCase())
    if (changes < least) {
      least = changes
      best = candidate
    }
  }
  return best ?? longer(given, candidates)
}

const SHORTEST_BEGINNING = 5

/** What was cut short, most often before its unit: "retryDelay" is retryDelaySeconds. */
function longer(given: string, candidates: readonly string[]): string | undefined {
  if (given.length < SHORTEST_BEGINNING) return undefined
  const begun = candidates.filter((candidate) => candidate.toLowerCase().startsWith(given.toLowerCase()))
  return begun.length === 1 ? begun[0] : undefined
}

/** The names of an object's fields; where a field holds an object whose names are known too, these. */
export interface FieldNames {
  readonly [name: string]: FieldNames | true
}

/** The names of the fields of a type, all of them. */
export type FieldsOf<T> = { readonly [F in keyof T]-?: FieldNames | true }

/** A sentence for each field that is not known, so that a misspelt one is not passed over in plain JavaScript. */
export function unknownFields(given: object, known: FieldNames, at = ''): string[] {
  return Object.entries(given).flatMap(([name, value]: [string, unknown]) => {
    if (value === undefined) return []
    const below = Object.hasOwn(known, name) ? known[name] : undefined
    if (below === undefined)
      return [
        unknownField(
          `${at}${name}`,
          Object.keys(known).map((each) => `${at}${each}`),
        ),
      ]
    if (below === true || typeof value !== 'object' || value === null) return []
    return unknownFields(value, below, `${at}${name}.`)
  })
}

/** @param known - all that there are, in the order in which people are told of them */
export function unknownField(name: string, known: readonly string[]): string {
  const meant = nearest(name, known)
  const instead = meant === undefined ? `There are ${known.join(', ')}.` : `Did you mean ${meant}?`
  return `there is no field ${name}. ${instead}`
}
