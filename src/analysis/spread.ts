/** One figure over the runs of one side. */
export interface Spread {
  /** Of the runs that have it; null when none has. */
  readonly median: number | null
  readonly min: number | null
  readonly max: number | null
  /** Run by run, in the order given. */
  readonly values: readonly (number | null)[]
}

export function spreadOf(values: readonly (number | null)[]): Spread {
  const known = values.filter((value) => value !== null).toSorted((a, b) => a - b)
  return { median: quantileOf(known, 0.5), min: known[0] ?? null, max: known.at(-1) ?? null, values }
}

/** Of values in ascending order, between the two nearest; null when there is none. */
export function quantileOf(ascending: readonly number[], share: number): number | null {
  const place = share * (ascending.length - 1)
  const below = ascending[Math.floor(place)]
  const above = ascending[Math.ceil(place)]
  if (below === undefined || above === undefined) return null
  return below + (above - below) * (place - Math.floor(place))
}

export function countKnown({ values }: Spread): number {
  return values.filter((value) => value !== null).length
}
